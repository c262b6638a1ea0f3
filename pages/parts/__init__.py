"""Parts that several pages share: charts, forms, texts."""
