"""Outputs: what a page may show of a submission's output."""

import base64

from pitfalls.grading._outputs import plain_outputs

PNG = base64.b64encode(b"\x89PNG\r\n\x1a\n rest").decode()


def display(**data):
    data = {key.replace("_", "/", 1): value for key, value in data.items()}
    return {"output_type": "display_data", "data": data, "metadata": {"image/png": {"width": "x"}}}


def test_text_and_pictures_stay_and_everything_active_goes():
    """HTML, SVG, Markdown, LaTeX, JavaScript and metadata are dropped; text and PNG are kept."""
    outputs = plain_outputs(
        [
            display(text_plain="a", text_html="<b>", image_png=PNG, application_javascript="x"),
            display(text_markdown="<img onerror=1>", text_latex="$", text_html="<script>"),
            {"output_type": "stream", "name": "stdout", "text": ["one\n", "two"]},
            {"output_type": "error", "ename": "E", "evalue": "v", "traceback": ["t"]},
            {"output_type": "execute_result", "data": {"text/plain": "6.0"}, "execution_count": 1},
        ]
    )
    assert {"text/plain": "a", "image/png": PNG} == outputs[0].data
    assert {} == outputs[0].metadata
    assert ["display_data", "stream", "error", "display_data"] == [o.output_type for o in outputs]


def test_a_picture_is_only_its_bytes():
    """Characters smuggled into a picture's base64 do not reach the page; what is no PNG goes."""
    (output,) = plain_outputs([display(image_png=PNG[:8] + '" onload="alert(1)' + PNG[8:])]) or [
        None
    ]
    assert output is None or '"' not in output.data["image/png"]
    assert [] == plain_outputs([display(image_png=base64.b64encode(b"<svg>").decode())])
    assert [] == plain_outputs([display(image_png={"no": "text"}), {"output_type": 3}, {}])
