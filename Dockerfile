# The explorer on CPUs, for one machine or a Docker Space of the Hugging Face Hub: docs/deploy.md.
ARG PYTHON=3.11

FROM python:${PYTHON}-slim AS build
# A package index with torch's builds for CPUs. Without it, torch comes from where the rest comes from, and for x86-64
# that build brings CUDA along, which is most of an image of 6.7 GB.
ARG TORCH_INDEX=""
ENV PATH=/opt/iaff/bin:$PATH PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /src
COPY requirements.txt ./
RUN python -m venv /opt/iaff \
 && pip install --no-cache-dir ${TORCH_INDEX:+--extra-index-url "$TORCH_INDEX"} -r requirements.txt
COPY pyproject.toml README.md LICENSE ./
COPY assets assets
COPY lessons lessons
COPY training training
COPY iaff iaff
RUN pip install --no-cache-dir --no-deps .

FROM python:${PYTHON}-slim
# Spaces run as user 1000. What is downloaded from the Hub stays in .cache, where a volume may be mounted.
RUN useradd --create-home --uid 1000 iaff
COPY --from=build /opt/iaff /opt/iaff
USER 1000
WORKDIR /home/iaff
ENV PATH=/opt/iaff/bin:$PATH PYTHONUNBUFFERED=1 GRADIO_SERVER_NAME=0.0.0.0 GRADIO_SERVER_PORT=7860
# One picture through all networks, so that numba's loops are compiled here and not for the first photo of each container.
RUN mkdir .cache && python -c "import iaff, numpy; iaff.explain(numpy.zeros((264, 352, 3), 'uint8'))"
EXPOSE 7860
HEALTHCHECK --start-period=60s --interval=30s --timeout=10s CMD ["python", "-c", "from urllib.request import ProxyHandler, build_opener; build_opener(ProxyHandler({})).open('http://127.0.0.1:7860/', timeout=5)"]
ENTRYPOINT ["iaff"]
CMD ["--no-open"]
