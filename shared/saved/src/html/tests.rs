use proptest::prelude::*;

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
        (r#"a<iframe src="https://example.com/"></iframe>"#, "a"),
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
    assert_eq!(clean_markdown(mixed), mixed);
    for text in [
        "&lt;script&gt;alert(1)<b></b>",
        "&amp;lt;script&amp;gt;<b></b>",
    ] {
        assert_eq!(clean_markdown(text), text);
    }
}

#[test]
fn what_is_no_html_is_not_lost() {
    for text in [
        "See <https://example.com/x> for it",
        "<https://example.com/x?a=1&b=2>, <mailto:a@example.com> and <a@example.com>",
        "1 < 2 && 3 > 2, a <- b, x <3",
        "`x <y` and `a && b`, then more",
        "```sql\na <y\n&& b > c\n```\n\nSECOND & LAST",
        "> ~~~\n> Vec<String>, <b>, <a href=\"https://example.com/\">x</a>\n> ~~~\nafter",
        "`Map<K, V> & more` and <b>c</b> & d > e",
        "a\r\n<b>c</b> & d\r\n",
        "<pre>\n\nx</pre>\u{a0}y",
        r"\<b> & \`<https://example.com/>\`",
        "<table><tbody><tr><td>1 & 2</td></tr></tbody></table>",
    ] {
        assert_eq!(clean_markdown(text), text);
    }
    for (sent, kept) in [
        (
            "Vec<String> and Map<K, V>",
            "Vec&lt;String> and Map&lt;K, V>",
        ),
        (
            "if a<b then c\n\nSECOND PARAGRAPH",
            "if a&lt;b then c\n\nSECOND PARAGRAPH",
        ),
        ("if a<b and c>d & <i>e</i>", "if a&lt;b and c>d & <i>e</i>"),
        ("Use <script> & <title>", "Use &lt;script> & &lt;title>"),
    ] {
        assert_eq!(clean_markdown(sent), kept);
        assert_eq!(clean_markdown(kept), kept);
    }
}

#[test]
fn nothing_that_runs_is_kept_in_markdown() {
    for (sent, kept) in [
        ("a & <script>alert(1)</script>b", "a & b"),
        ("<SCRIPT>alert(1)</SCRIPT >x", "x"),
        ("<scr\0ipt>alert(1)</script>x", "x"),
        ("<<script>script>alert(1)</script>", "<"),
        ("<scr<!-- x -->ipt>y", "&lt;script>y"),
        ("a<!-- <b> -->b", "ab"),
        (
            "<img src=x onerror=alert(1)",
            "&lt;img src=x onerror=alert(1)",
        ),
        (r#"<IMG SRC="x" ONERROR="a>b">"#, r#"<img src="x">"#),
        (
            "<a href=\"java\nscript:alert(1)\">x</a>",
            r#"<a rel="noopener noreferrer">x</a>"#,
        ),
        (
            r#"<a href="&#106;avascript:alert(1)">x</a>"#,
            r#"<a rel="noopener noreferrer">x</a>"#,
        ),
        (
            r#"<iframe srcdoc="<script>alert(1)</script>" allow="camera" src="https://x.test/"><b>y</b></iframe>"#,
            r#"<iframe src="https://x.test/"></iframe>"#,
        ),
        ("<svg onload=alert(1)>x</svg>", "x"),
        ("<y onclick=alert(1)>x", "&lt;y onclick=alert(1)>x"),
        ("<javascript:alert(1)>", "&lt;javascript:alert(1)>"),
        (
            "`<script>alert(1)</script>`",
            "`&lt;script>alert(1)</script>`",
        ),
        (
            "`<y` onfocus=alert(1) tabindex=1 autofocus >",
            "`&lt;y` onfocus=alert(1) tabindex=1 autofocus >",
        ),
        (
            "<https://x.test/contenteditable/autofocus/onfocus=alert(1)>",
            "&lt;https://x.test/contenteditable/autofocus/onfocus=alert(1)>",
        ),
        // An element of Markdown ends at an empty line, even within a value.
        (
            "<div title=\"a\n\nb\">x</div>",
            r#"<div title="a  b">x</div>"#,
        ),
    ] {
        assert_eq!(clean_markdown(sent), kept);
        assert_eq!(clean_markdown(kept), kept);
    }
}

/// Keeps what must not come through, to find it.
static UNSAFE: LazyLock<Builder<'static>> = LazyLock::new(|| {
    let mut builder = builder_with_frames();
    builder
        .rm_clean_content_tags(["script"])
        .add_tags(["script", "svg", "object", "embed", "form", "input", "base"])
        .add_tag_attributes("iframe", ["srcdoc", "allow"])
        .add_generic_attributes(["onerror", "onload", "onclick", "onfocus"])
        .add_url_schemes(["javascript", "data"]);
    builder
});

/// Pieces of Markdown and of HTML, whole and broken.
fn pieces() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        proptest::sample::select(vec![
            "<",
            ">",
            "/",
            "=",
            "\"",
            "'",
            "`",
            "```\n",
            "\n~~~\n",
            "\n",
            "\n\n",
            "\r\n",
            " ",
            "&",
            "&lt;",
            "\\",
            "\0",
            "-->",
            "<!--",
            "<!",
            "<?",
            "<b>",
            "</b>",
            "<p>",
            "<table>",
            "<td>",
            "<pre>\n",
            "<svg>",
            "<math>",
            "<select>",
            "<script>",
            "</script>",
            "<script",
            "<style>",
            "</style>",
            "<title>",
            "<textarea>",
            "<plaintext>",
            "<iframe srcdoc=\"<script>\">",
            "</iframe>",
            "<img src=x onerror=alert(1)>",
            "<img src=x onerror=alert(1)",
            "<a href=\"javascript:alert(1)\">",
            "<a title=\"",
            "</a>",
            "<y",
            "<b",
            " onclick=alert(1) ",
            " onfocus=alert(1)",
            "<https://x.test/",
            "/onclick=alert(1)",
            "<input onfocus=alert(1)>",
            "\u{fdd0}",
            "\u{fdd1}",
            "\u{a0}",
            "x",
        ])
        .prop_map(str::to_owned),
        any::<char>().prop_map(String::from),
    ];
    proptest::collection::vec(piece, 0..16).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_cleaned_stays_and_runs_nothing(text in pieces()) {
        let cleaned = clean_markdown(&text);
        prop_assert_eq!(clean_markdown(&cleaned), cleaned.clone());
        let found = UNSAFE.clean(&cleaned).to_string();
        prop_assert_eq!(found, MARKDOWN.clean(&cleaned).to_string());
    }
}
