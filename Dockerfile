# One server for one person: docker build -t kd-playground . && docker run -p 127.0.0.1:8501:8501 -v kd:/store kd-playground
# Several for a class: compose.yaml. PyTorch is its CPU build; with --build-arg TORCH= it is the one with CUDA, 5 GB more.
FROM python:3.13-slim
ARG TORCH=cpu

WORKDIR /app
COPY requirements.lock requirements-cpu.lock ./
RUN pip install --no-cache-dir --disable-pip-version-check --requirement "requirements${TORCH:+-$TORCH}.lock"
COPY . .

# A volume begins as this folder is, so it is made for the user who writes into it.
RUN useradd --create-home --uid 1000 kd && install -d -o kd -g kd /store
USER kd
VOLUME /store

# Outside its container nobody reaches it unless a port is published; config.toml listens on this machine only.
ENV PYTHONUNBUFFERED=1 KD_HOME=/store TORCH_HOME=/store/torch STREAMLIT_SERVER_ADDRESS=0.0.0.0
EXPOSE 8501
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8501/_stcore/health', timeout=4)"]
CMD ["python", "-m", "streamlit", "run", "app.py"]
