//! HTML that people write, made safe to show (reference 21 §3.1, 26 §1).

use std::sync::LazyLock;

use ammonia::Builder;

/// The library's allow-list of elements and attributes, with pictures and frames of other sites; a few styles only.
static BUILDER: LazyLock<Builder<'static>> = LazyLock::new(|| {
    let mut builder = Builder::default();
    builder
        .add_tags(["iframe"])
        .add_tag_attributes(
            "iframe",
            [
                "src",
                "width",
                "height",
                "title",
                "allow",
                "allowfullscreen",
                "frameborder",
            ],
        )
        .add_tag_attributes("img", ["width", "height", "alt", "title"])
        .add_generic_attributes(["style"])
        .filter_style_properties(
            [
                "background-color",
                "color",
                "font-size",
                "font-style",
                "font-weight",
                "height",
                "margin",
                "padding",
                "text-align",
                "text-decoration",
                "width",
            ]
            .into(),
        )
        .url_schemes(["http", "https", "mailto"].into());
    builder
});

/// HTML without anything that runs. Safe HTML stays as it is, so that what was cleaned once is not changed again.
pub fn clean(html: &str) -> String {
    BUILDER.clean(html).to_string()
}

/// Markdown with HTML in it. Quotations begin with `>`, which is harmless and stays.
pub fn clean_markdown(text: &str) -> String {
    // Nothing that runs is without a `<`.
    if !text.contains('<') {
        return text.to_owned();
    }
    clean(text).replace("&gt;", ">")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_runs_is_kept() {
        for (sent, kept) in [
            ("<b>x</b><script>alert(1)</script>", "<b>x</b>"),
            (r#"<img src="x" onerror="alert(1)">"#, r#"<img src="x">"#),
            (
                r#"<a href="javascript:alert(1)">x</a>"#,
                r#"<a rel="noopener noreferrer">x</a>"#,
            ),
            (
                r#"<iframe src="data:text/html,x"></iframe>"#,
                "<iframe></iframe>",
            ),
            (
                r#"<p style="position:fixed;color:red">x</p>"#,
                r#"<p style="color:red">x</p>"#,
            ),
        ] {
            assert_eq!(clean(sent), kept);
            assert_eq!(clean(&clean(sent)), clean(sent), "{sent}");
        }
    }

    #[test]
    fn markdown_stays_as_it_was_written() {
        for text in ["# A & B\n> quoted", "a > b && c", "x"] {
            assert_eq!(clean_markdown(text), text);
        }
        let mixed = "> a && b\n<b>c</b>";
        let once = clean_markdown(mixed);
        assert_eq!(once, "> a &amp;&amp; b\n<b>c</b>");
        assert_eq!(clean_markdown(&once), once);
        assert!(!clean_markdown("&lt;script&gt;alert(1)<b></b>").contains("<script"));
        assert!(!clean_markdown("&amp;lt;script&amp;gt;<b></b>").contains("<script"));
    }
}
