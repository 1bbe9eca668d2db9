"""The look that Gradio's own widgets share with ours: colours, type and measures, light and dark."""

from __future__ import annotations

import gradio as gr

SANS = ("IBM Plex Sans", "system-ui", "sans-serif")
MONO = ("IBM Plex Mono", "ui-monospace", "monospace")

# name: (light, dark). `app/shell/static/style.css` repeats the first group as its own variables.
COLOURS = {
    "body_background_fill": ("#f8f7f4", "#141513"),
    "body_text_color": ("#1f1e1b", "#e7e5df"),
    "body_text_color_subdued": ("#67635b", "#a3a097"),
    "background_fill_primary": ("#ffffff", "#1b1c1a"),
    "background_fill_secondary": ("#f8f7f4", "#141513"),
    "border_color_primary": ("#e2dfd8", "#30322e"),
    "border_color_accent": ("#1d6b50", "#63c39d"),
    "color_accent_soft": ("#e6f1ec", "#1e2f28"),
    "link_text_color": ("#1d6b50", "#7fd0af"),
    "block_background_fill": ("#ffffff", "#1b1c1a"),
    "block_border_color": ("#e2dfd8", "#30322e"),
    "block_label_background_fill": ("#ffffff", "#1b1c1a"),
    "block_label_text_color": ("#67635b", "#a3a097"),
    "block_title_text_color": ("#67635b", "#a3a097"),
    "block_info_text_color": ("#67635b", "#a3a097"),
    "panel_background_fill": ("#ffffff", "#1b1c1a"),
    "input_background_fill": ("#ffffff", "#1b1c1a"),
    "input_background_fill_focus": ("#ffffff", "#1b1c1a"),
    "input_border_color": ("#cfcbc2", "#43463f"),
    "input_border_color_focus": ("#1d6b50", "#63c39d"),
    "input_placeholder_color": ("#757168", "#8d8a82"),
    "button_primary_background_fill": ("#1d6b50", "#63c39d"),
    "button_primary_background_fill_hover": ("#175841", "#7fd0af"),
    "button_primary_border_color": ("#1d6b50", "#63c39d"),
    "button_primary_text_color": ("#ffffff", "#0f1a15"),
    "button_secondary_background_fill": ("#ffffff", "#232522"),
    "button_secondary_background_fill_hover": ("#f1efea", "#2b2e2a"),
    "button_secondary_border_color": ("#cfcbc2", "#43463f"),
    "button_secondary_text_color": ("#1f1e1b", "#e7e5df"),
    "slider_color": ("#1d6b50", "#63c39d"),
    "checkbox_background_color_selected": ("#1d6b50", "#63c39d"),
    "checkbox_border_color_selected": ("#1d6b50", "#63c39d"),
    "error_text_color": ("#a3281f", "#f0968c"),
}
MEASURES = {
    "block_radius": "8px",
    "input_radius": "6px",
    "button_large_radius": "6px",
    "button_medium_radius": "6px",
    "button_small_radius": "6px",
    "block_shadow": "none",
    "block_label_shadow": "none",
    "input_shadow": "none",
    "input_shadow_focus": "0 0 0 2px var(--color-accent-soft)",
    "button_primary_shadow": "none",
    "button_secondary_shadow": "none",
    "block_title_text_weight": "400",
    "block_label_text_weight": "400",
    "button_large_text_weight": "600",
    "button_medium_text_weight": "600",
    "layout_gap": "12px",
    "form_gap_width": "0px",
}


def theme() -> gr.themes.Base:
    """Gradio's theme. The fonts are ours, under /ui/fonts: those that Gradio ships lack letters in some weights."""
    values = dict(MEASURES)
    for name, (light, dark) in COLOURS.items():
        values |= {name: light, f"{name}_dark": dark}
    return gr.themes.Base(
        font=SANS,
        font_mono=MONO,
        text_size=gr.themes.sizes.text_md,
        spacing_size=gr.themes.sizes.spacing_sm,
        neutral_hue="stone",
        primary_hue="emerald",
    ).set(**values)
