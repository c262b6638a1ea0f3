"""Chinese is written in one way: one word for one thing, and the punctuation of Chinese."""

import re
from typing import Final

import pytest

from pages.parts.text.i18n import catalogue

ZH: Final = catalogue("zh")

TERMS: Final = {
    "教师模型": ("老师", "导师", "师傅"),
    "讲师": ("授课教师", "任课教师", "授课人"),
    "学生模型": ("学员", "徒弟"),
    "奈特": ("纳特", "納特", "奈特斯", "自然单位"),
    "软标签": ("软目标", "软性标签", "柔性标签"),
    "知识蒸馏": ("知识提炼", "知识萃取"),
    "温度": ("溫度",),
    "准确率": ("正确率", "精确率", "精确度", "准确度"),
    "数据集": ("资料集", "数据集合"),
    "图像": ("图片", "影像"),
    "网络": ("网路",),
    "种子": ("随机数种",),
    "预设": ("默认方案",),
    "设置": ("设定项", "配置项"),
    "隐藏层": ("隐层", "隐含层"),
    "训练轮": ("训练周期", "世代"),
}
"""By the word that is used, the words for the same thing that are not."""

HAN: Final = "[\u3400-\u9fff]"
HALF_WIDTH: Final = re.compile(
    rf"{HAN}[,;:!?(]|[,;:!?)]{HAN}|{HAN}\.(?!\w)|{HAN}\)|\}}[,;:!?]|^\{{\w+\}}:|['\"]{HAN}|{HAN}['\"]|'\{{|\}}'"
)
"""A half-width mark beside a Chinese letter or beside a field; numbers, links and formulas keep theirs."""


def written_half_width(text: str) -> bool:
    """Whether a text has such a mark outside its formulas, code and link targets."""
    prose = re.sub(r"\$[^$]+\$|`[^`]+`|(?<=\])\([^)]*\)", "", text)
    return HALF_WIDTH.search(prose) is not None


@pytest.mark.parametrize("term", TERMS)
def test_one_thing_has_one_word(term: str) -> None:
    assert {key: text for key, text in ZH.items() for other in TERMS[term] if other in text} == {}


def test_the_unit_of_entropy_is_one_word_wherever_it_stands() -> None:
    # The chart, its sentence and the table beside it: three sections of the catalogue.
    assert ["奈特" in ZH[key] for key in ("bars.entropy", "soft_labels.entropy", "compare.arm_nll")] == [True] * 3


def test_punctuation_of_chinese_is_full_width() -> None:
    assert {key: text for key, text in ZH.items() if written_half_width(text)} == {}


@pytest.mark.parametrize(
    "text", ["请输入数,或 inf。", "熵(奈特)", "{name}:{x} 时为 {y}", "放进 '{folder}'", "键盘:加号", "有 {n} 项;其余"]
)
def test_a_half_width_mark_is_found(text: str) -> None:
    assert written_half_width(text)


@pytest.mark.parametrize("text", ["1,797 个数字", "温度 $f(x), y$：硬标签", "[方法](https://a.b)里", "（T = 0.5）"])
def test_numbers_formulas_and_links_keep_theirs(text: str) -> None:
    assert not written_half_width(text)
