//! HTML that people write, made safe to show (reference 21 §3.1, 26 §1).

use std::{collections::HashSet, sync::LazyLock};

use ammonia::Builder;

/// The library's allow-list of elements and attributes, with pictures; a few styles only.
fn builder() -> Builder<'static> {
    let mut builder = Builder::default();
    builder
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
}

/// As above, with frames of other sites, which may not ask for rights.
fn builder_with_frames() -> Builder<'static> {
    let frame = [
        "src",
        "width",
        "height",
        "title",
        "allowfullscreen",
        "frameborder",
    ];
    let mut builder = builder();
    builder
        .add_tags(["iframe"])
        .add_tag_attributes("iframe", frame);
    builder
}

static COMMENT: LazyLock<Builder<'static>> = LazyLock::new(builder);
static MARKDOWN: LazyLock<Builder<'static>> = LazyLock::new(builder_with_frames);

/// Adds nothing to a tag that is safe.
static AS_WRITTEN: LazyLock<Builder<'static>> = LazyLock::new(|| {
    let mut builder = builder();
    builder.link_rel(None);
    builder
});
static SAFE: LazyLock<HashSet<&'static str>> = LazyLock::new(|| AS_WRITTEN.clone_tags());

/// The elements that count as HTML within Markdown.
#[rustfmt::skip]
const HTML: &[&str] = &[
    "a", "abbr", "acronym", "address", "applet", "area", "article", "aside", "audio", "b", "base", "basefont", "bdi", "bdo",
    "bgsound", "big", "blink", "blockquote", "body", "br", "button", "canvas", "caption", "center", "cite", "code", "col",
    "colgroup", "data", "datalist", "dd", "del", "details", "dfn", "dialog", "dir", "div", "dl", "dt", "em", "embed",
    "fieldset", "figcaption", "figure", "font", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "head", "header",
    "hgroup", "hr", "html", "i", "iframe", "img", "input", "ins", "kbd", "label", "legend", "li", "link", "main", "map",
    "mark", "marquee", "math", "menu", "meta", "meter", "nav", "nobr", "object", "ol", "optgroup", "option", "output", "p",
    "param", "picture", "pre", "progress", "q", "rp", "rt", "rtc", "ruby", "s", "samp", "script", "search", "section",
    "select", "slot", "small", "source", "span", "strike", "strong", "style", "sub", "summary", "sup", "svg", "table",
    "tbody", "td", "tfoot", "th", "thead", "time", "tr", "track", "tt", "u", "ul", "var", "video", "wbr",
];

/// Elements whose content a browser does not read as HTML, or that it takes for others; nobody needs them. Their tags are
/// shown as text.
#[rustfmt::skip]
const SHOWN: &[&str] = &[
    "frame", "frameset", "image", "listing", "noembed", "noframes", "noscript", "plaintext", "template", "textarea", "title", "xmp",
];

/// Elements that go with their content.
const WITH_CONTENT: &[&str] = &["iframe", "script", "style"];

/// Attributes that HTML has without a value. With other words in it, `a<b and c>d` is no tag but a comparison.
#[rustfmt::skip]
const BARE: &[&str] = &[
    "allowfullscreen", "async", "autofocus", "autoplay", "checked", "controls", "defer", "disabled", "hidden", "loop",
    "multiple", "muted", "nowrap", "open", "readonly", "required", "reversed", "selected",
];

/// Stand for a `<` of the text, and for one in code or of a link, while HTML is parsed. No text holds these characters:
/// the standard keeps them for such use.
const LESS: char = '\u{fdd0}';
const CODE: char = '\u{fdd1}';
const NEWLINE: char = '\u{fdd5}';
/// What else a parser would change, and what stands for it.
const HIDDEN: &[(char, char)] = &[('&', '\u{fdd2}'), ('>', '\u{fdd3}'), ('\u{a0}', '\u{fdd4}')];

/// In bytes. What is longer is no tag.
const LONGEST_TAG: usize = 4096;
const MOST_PASSES: usize = 4;

/// HTML without anything that runs, and without frames. Safe HTML stays as it is, so that what was cleaned once is not
/// changed again.
pub fn clean(html: &str) -> String {
    COMMENT.clean(html).to_string()
}

/// Markdown with HTML in it: what is no HTML stays as it was written, code and links too. A `<` that a browser could take
/// for a tag is escaped. What was cleaned once is not changed again.
pub fn clean_markdown(text: &str) -> String {
    let written = text.replace(
        |c: char| c == '\0' || ('\u{fdd0}'..='\u{fdd5}').contains(&c),
        "",
    );
    // Nothing that runs is without a `<`.
    if !written.contains('<') {
        return written;
    }
    let lines = written.replace("\r\n", "\n");
    let cleaned = settled(&lines);
    if cleaned == lines {
        written
    } else if written.contains("\r\n") {
        cleaned.replace('\n', "\r\n")
    } else {
        cleaned
    }
}

/// Cleans until nothing changes any more: once, as a rule. What does not settle is shown as text.
fn settled(text: &str) -> String {
    let mut text = text.to_owned();
    for _ in 0..MOST_PASSES {
        let (hidden, html) = hide(&text);
        let next = if html {
            restore(&MARKDOWN.clean(&hidden).to_string())
        } else {
            restore(&hidden)
        };
        if next == text {
            return text;
        }
        text = next;
    }
    text.replace('<', "&lt;")
}

/// The text with its HTML as it is and all else hidden from a parser; and whether there is any HTML.
fn hide(text: &str) -> (String, bool) {
    let (mut hidden, mut html) = (String::with_capacity(text.len()), false);
    // Whether a fence may begin here.
    let mut fresh = true;
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let taken = if let Some(length) = code(rest, fresh).or_else(|| link(rest)) {
            hide_text(&mut hidden, rest.split_at(length).0, CODE);
            length
        } else if let Some((length, tags)) = element(rest) {
            html = true;
            hidden.push_str(&tags);
            length
        } else {
            let length = first.len_utf8();
            hide_text(&mut hidden, rest.split_at(length).0, LESS);
            length
        };
        let (gone, after) = rest.split_at(taken);
        // Quotations and items of lists have fences too.
        let indents = matches!(
            first,
            ' ' | '\t' | '>' | '-' | '*' | '+' | '0'..='9' | '.' | ')'
        );
        fresh = gone.ends_with('\n') || (fresh && taken == 1 && indents);
        rest = after;
    }
    (hidden, html)
}

fn hide_text(hidden: &mut String, text: &str, less: char) {
    hidden.extend(text.chars().map(|c| {
        match c {
            '<' => less,
            c => HIDDEN
                .iter()
                .find(|(own, _)| *own == c)
                .map_or(c, |of| of.1),
        }
    }));
}

/// The length of the escaped character, the fence or the code span here, or of backticks that begin none.
fn code(rest: &str, fresh: bool) -> Option<usize> {
    let mark = rest.chars().next()?;
    if mark == '\\' {
        let escaped = rest.chars().nth(1)?;
        return escaped.is_ascii_punctuation().then_some(2);
    }
    if !matches!(mark, '`' | '~') {
        return None;
    }
    let after = rest.trim_start_matches(mark);
    let run = rest.len() - after.len();
    let info = after.lines().next().unwrap_or_default();
    if fresh && run >= 3 && !(mark == '`' && info.contains('`')) {
        let mut length = run;
        for (number, line) in after.split_inclusive('\n').enumerate() {
            length += line.len();
            let bare = line.trim_start_matches([' ', '\t', '>']).trim_end();
            if number > 0 && bare.len() >= run && bare.chars().all(|c| c == mark) {
                break;
            }
        }
        return Some(length);
    }
    if mark == '~' {
        return Some(run);
    }
    // A span ends with its paragraph.
    let paragraph = after.split("\n\n").next().unwrap_or_default();
    let mut left = paragraph;
    while let Some(at) = left.find('`') {
        let ticks = left.split_at(at).1;
        left = ticks.trim_start_matches('`');
        if ticks.len() - left.len() == run {
            return Some(run + paragraph.len() - left.len());
        }
    }
    Some(run)
}

/// The length of the link in angle brackets here.
fn link(rest: &str) -> Option<usize> {
    let (link, _) = rest.strip_prefix('<')?.split_once('>')?;
    let unfit =
        |c: char| c.is_whitespace() || c.is_control() || matches!(c, '<' | '"' | '\'' | '`');
    if link.len() > LONGEST_TAG || link.contains(unfit) {
        return None;
    }
    let begins = |scheme: &&str| {
        let start = link.get(..scheme.len());
        start.is_some_and(|start| start.eq_ignore_ascii_case(scheme))
    };
    let word = |part: &str| {
        let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | '+');
        !part.is_empty() && part.chars().all(fits)
    };
    let mail = link.split_once('@');
    let fits = ["http://", "https://", "mailto:"].iter().any(begins)
        || mail.is_some_and(|(name, host)| word(name) && word(host));
    fits.then_some(link.len() + 2)
}

/// The length of the tag here, or of the element that goes with its content; and what of it is left to the parser.
fn element(rest: &str) -> Option<(usize, String)> {
    if rest.starts_with("<!--") {
        // `<!-->` is a whole comment.
        let end = rest.split_at(2).1.find("-->")?;
        return Some((2 + end + 3, String::new()));
    }
    let tag = tag(rest)?;
    if !tag.whole || !HTML.contains(&tag.name.as_str()) || !tag.is_proper() {
        return None;
    }
    let (text, after) = rest.split_at(tag.length);
    if tag.closing {
        return Some((tag.length, text.to_owned()));
    }
    if WITH_CONTENT.contains(&tag.name.as_str()) {
        let end = format!("</{}", tag.name);
        let at = after.to_ascii_lowercase().find(&end)?;
        let end = self::tag(after.split_at(at).1)?;
        if !end.whole || end.name != tag.name {
            return None;
        }
        let frame = tag.name == "iframe";
        let left = if frame {
            format!("{text}</iframe>")
        } else {
            String::new()
        };
        return Some((tag.length + at + end.length, left));
    }
    // The parser leaves out a line's end that follows this tag.
    if tag.name == "pre" && after.starts_with('\n') {
        return Some((tag.length + 1, format!("{text}{NEWLINE}")));
    }
    Some((tag.length, text.to_owned()))
}

/// What a browser sees at a `<` that is followed by a name.
struct Tag {
    name: String,
    closing: bool,
    /// The names of the attributes, and whether they have values.
    attributes: Vec<(String, bool)>,
    length: usize,
    /// Whether its `>` is there.
    whole: bool,
}

impl Tag {
    /// Whether somebody meant it to be one.
    fn is_proper(&self) -> bool {
        let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | ':' | '.');
        let attribute = |(name, valued): &(String, bool)| {
            name.chars().all(fits) && (*valued || BARE.contains(&name.as_str()))
        };
        self.attributes.iter().all(attribute)
    }
}

fn blank(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\r' | '\u{c}')
}

/// Splits behind the first character at the earliest.
fn until(text: &str, ends: impl Fn(char) -> bool) -> (&str, &str) {
    let end = text.char_indices().skip(1).find(|(_, c)| ends(*c));
    text.split_at(end.map_or(text.len(), |(at, _)| at))
}

/// Reads as browsers do: <https://html.spec.whatwg.org/multipage/parsing.html#tag-open-state> and the states behind it.
fn tag(text: &str) -> Option<Tag> {
    let text = text.split_at(text.floor_char_boundary(LONGEST_TAG)).0;
    let inner = text.strip_prefix(['<', LESS, CODE])?;
    let end = inner.strip_prefix('/');
    let inner = end.unwrap_or(inner);
    if !inner.starts_with(|c: char| c.is_ascii_alphabetic()) {
        return None;
    }
    let (name, mut rest) = until(inner, |c| blank(c) || matches!(c, '/' | '>'));
    let mut attributes = Vec::new();
    let whole = loop {
        rest = rest.trim_start_matches(|c: char| blank(c) || c == '/');
        if let Some(after) = rest.strip_prefix('>') {
            rest = after;
            break true;
        }
        if rest.is_empty() {
            break false;
        }
        let (attribute, after) = until(rest, |c| blank(c) || matches!(c, '/' | '>' | '='));
        let value = after.trim_start_matches(blank).strip_prefix('=');
        attributes.push((attribute.to_ascii_lowercase(), value.is_some()));
        rest = value.map_or(after, |value| after_value(value.trim_start_matches(blank)));
    };
    Some(Tag {
        name: name.to_ascii_lowercase(),
        closing: end.is_some(),
        attributes,
        length: text.len() - rest.len(),
        whole,
    })
}

fn after_value(text: &str) -> &str {
    match text.chars().next() {
        Some(quote @ ('"' | '\'')) => {
            let quoted = text.split_at(1).1.split_once(quote);
            quoted.map_or("", |(_, after)| after)
        }
        Some('>') | None => text,
        Some(_) => until(text, |c| blank(c) || c == '>').1,
    }
}

/// The text as it was, around the tags that the parser left.
fn restore(hidden: &str) -> String {
    let back = |c: char| {
        let own = HIDDEN.iter().find(|(_, stands)| *stands == c);
        own.map_or(if c == NEWLINE { '\n' } else { c }, |of| of.0)
    };
    let text: String = hidden.chars().map(back).collect();
    let mut restored = String::with_capacity(text.len());
    let mut rest = text.as_str();
    while let Some(at) = rest.find(['<', LESS, CODE]) {
        let (before, from) = rest.split_at(at);
        restored.push_str(before);
        let mut chars = from.chars();
        let less = chars.next();
        rest = chars.as_str();
        if less == Some('<') {
            // A tag of the parser has no other `>`. Markdown that ends at an empty line must not cut it in two.
            let (tag, after) = rest.split_once('>').unwrap_or((rest, ""));
            restored.push('<');
            restored.extend(tag.chars().map(|c| if blank(c) { ' ' } else { c }));
            restored.push('>');
            rest = after;
        } else if less == Some(CODE) && is_inert(from)
            || less == Some(LESS)
                && !rest.starts_with(|c: char| c.is_ascii_alphabetic() || "/!?".contains(c))
        {
            restored.push('<');
        } else {
            restored.push_str("&lt;");
        }
    }
    restored.push_str(rest);
    restored
}

/// Whether what begins here runs nothing, even where it is not seen as code or as a link.
fn is_inert(text: &str) -> bool {
    let Some(tag) = tag(text) else {
        return true;
    };
    if !tag.whole && text.len() > LONGEST_TAG {
        return false;
    }
    if tag.closing {
        return true;
    }
    let name = tag.name.as_str();
    let acts = |(name, _): &(String, bool)| name.starts_with("on") || name == "style";
    if SHOWN.contains(&name) || tag.attributes.iter().any(acts) {
        return false;
    }
    let valued = tag.attributes.iter().any(|(_, valued)| *valued);
    if !HTML.contains(&name) || (SAFE.contains(name) && !valued) {
        return true;
    }
    let tag = text.split_at(tag.length).0.replacen(CODE, "<", 1);
    tag.ends_with('>')
        && !tag.contains('\n')
        && AS_WRITTEN.clean(&tag).to_string().starts_with(&tag)
}

#[cfg(test)]
mod tests;
