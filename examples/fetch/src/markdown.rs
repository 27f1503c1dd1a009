//! HTML to markdown: headings, paragraphs, lists, links, images, emphasis, code, quotes and tables. What
//! else a page has is left out but for its text, which stays as it is.

/// Elements whose content is no text of the page.
const SKIPPED: [&str; 5] = ["script", "style", "svg", "template", "title"];

/// Elements that stand apart from what is around them.
const BLOCKS: [&str; 20] = [
    "address",
    "article",
    "aside",
    "body",
    "dd",
    "details",
    "div",
    "dl",
    "dt",
    "fieldset",
    "figcaption",
    "figure",
    "footer",
    "form",
    "header",
    "main",
    "nav",
    "p",
    "section",
    "summary",
];

/// How long a margin grows, in bytes: 32 quotes or lists.
const MAX_MARGIN: usize = 64;

/// The page as markdown; relative links are those of a page at `base`.
pub(crate) fn from_html(html: &str, base: &str) -> String {
    let mut page = Page {
        base,
        ..Page::default()
    };
    let mut rest = html;
    while let Some((text, markup)) = split_at(rest, '<') {
        page.text(text);
        rest = if let Some(comment) = markup.strip_prefix("<!--") {
            comment.split_once("-->").map_or("", |(_, rest)| rest)
        } else if let Some((tag, behind)) = Tag::read(markup) {
            if !tag.closes && SKIPPED.contains(&&*tag.name) {
                behind_element(behind, &tag.name)
            } else {
                page.tag(&tag);
                behind
            }
        } else {
            // No markup after all.
            page.text("<");
            markup.get(1..).unwrap_or_default()
        };
    }
    page.text(rest);
    page.out
}

/// What is before the first `mark`, and the rest with it.
fn split_at(text: &str, mark: char) -> Option<(&str, &str)> {
    text.find(mark).map(|at| text.split_at(at))
}

/// What follows the end of an element whose content is not looked at.
fn behind_element<'a>(text: &'a str, name: &str) -> &'a str {
    let mut rest = text;
    while let Some((_, markup)) = rest.split_once("</") {
        let is_end = markup
            .get(..name.len())
            .is_some_and(|found| found.eq_ignore_ascii_case(name));
        if is_end {
            return markup.split_once('>').map_or("", |(_, rest)| rest);
        }
        rest = markup;
    }
    ""
}

/// `<name key="value">` or `</name>`.
struct Tag<'a> {
    name: String,
    closes: bool,
    attributes: &'a str,
}

impl<'a> Tag<'a> {
    /// Reads the tag at the start of `markup`; gives what is behind it, too.
    fn read(markup: &'a str) -> Option<(Self, &'a str)> {
        let inner = markup.strip_prefix('<')?;
        let closes = inner.starts_with('/');
        let inner = inner.strip_prefix(['/', '!', '?']).unwrap_or(inner);
        let name_end = inner.find(|it: char| !it.is_ascii_alphanumeric())?;
        let (name, attributes) = inner.split_at(name_end);
        if !name.starts_with(|it: char| it.is_ascii_alphabetic()) {
            return None;
        }
        let mut quote = None;
        // No tag holds a `<` of its own: a page of nothing but `<a ` is not looked through for each.
        let end = attributes.find(|it| {
            match quote {
                Some(open) if it == open => quote = None,
                Some(_) => {}
                None if it == '"' || it == '\'' => quote = Some(it),
                None => return it == '>' || it == '<',
            }
            false
        })?;
        let behind = attributes[end..].strip_prefix('>')?;
        let tag = Self {
            name: name.to_ascii_lowercase(),
            closes,
            attributes: &attributes[..end],
        };
        Some((tag, behind))
    }

    fn attribute(&self, name: &str) -> Option<String> {
        let mut rest = self.attributes;
        loop {
            rest = rest.trim_start_matches(|it: char| it.is_whitespace() || it == '/');
            let end = rest.find(|it: char| it.is_whitespace() || it == '=')?;
            let (key, behind) = rest.split_at(end);
            let Some(value) = behind.trim_start().strip_prefix('=') else {
                rest = behind;
                continue;
            };
            let value = value.trim_start();
            let (value, behind) = match value.chars().next() {
                Some(quote @ ('"' | '\'')) => value[1..].split_once(quote)?,
                _ => {
                    let end = value.find(char::is_whitespace).unwrap_or(value.len());
                    value.split_at(end)
                }
            };
            if key.eq_ignore_ascii_case(name) {
                return Some(unescape(value.trim()));
            }
            rest = behind;
        }
    }
}

/// What stands between two texts.
#[derive(Clone, Copy, Default, PartialEq, PartialOrd)]
enum Gap {
    #[default]
    Nothing,
    Space,
    Line,
    Block,
}

/// A page as far as it is written.
#[derive(Default)]
struct Page<'a> {
    base: &'a str,
    out: String,
    /// Before the next text, and what opens with it.
    gap: Gap,
    opening: String,
    /// What begins each line: of quotes and lists.
    margin: String,
    lists: Vec<List>,
    /// The addresses of the links around.
    links: Vec<Option<String>>,
    is_preformatted: bool,
    /// Nothing stands behind the mark of a list's item yet.
    is_at_item: bool,
    /// The rows of the table and the cells of its last row.
    rows: usize,
    cells: usize,
    is_in_row: bool,
    is_in_cell: bool,
}

/// A list that is open.
struct List {
    /// The last number of one that counts.
    number: Option<usize>,
    /// How long the margin is around it.
    margin: usize,
}

impl Page<'_> {
    fn text(&mut self, text: &str) {
        let text = unescape(text);
        if self.is_preformatted {
            self.write(&text.replace('\n', &format!("\n{}", self.margin)));
            return;
        }
        let is_space = |it: char| it.is_whitespace() && it != '\u{a0}';
        if text.starts_with(is_space) {
            self.ask(Gap::Space);
        }
        for word in text.split(is_space).filter(|word| !word.is_empty()) {
            self.write(word);
            self.gap = Gap::Space;
        }
        if !text.ends_with(is_space) && self.gap == Gap::Space && !text.trim().is_empty() {
            self.gap = Gap::Nothing;
        }
    }

    /// Has at least so much come before the next text.
    fn ask(&mut self, gap: Gap) {
        if self.gap < gap && !self.is_at_item {
            self.gap = gap;
        }
    }

    fn write(&mut self, text: &str) {
        if text.is_empty() {
            return;
        }
        self.is_at_item = false;
        let margin = self.margin.as_str();
        match std::mem::take(&mut self.gap) {
            _ if self.out.is_empty() => self.out.push_str(margin),
            Gap::Nothing => {}
            // A cell is one line.
            _ if self.is_in_cell => self.out.push(' '),
            Gap::Space => self.out.push(' '),
            Gap::Line => self.out.extend(["\n", margin]),
            Gap::Block => self.out.extend(["\n", margin.trim_end(), "\n", margin]),
        }
        self.out.push_str(&std::mem::take(&mut self.opening));
        self.out.push_str(text);
    }

    /// Something around a text, which is left out where there is no text.
    fn around(&mut self, closes: bool, open: &str, close: &str) {
        if !closes {
            self.opening.push_str(open);
        } else if self.opening.ends_with(open) {
            self.opening.truncate(self.opening.len() - open.len());
        } else {
            self.out.push_str(close);
        }
    }

    fn tag(&mut self, tag: &Tag<'_>) {
        let (name, closes) = (tag.name.as_str(), tag.closes);
        match name {
            "pre" => self.preformatted(closes),
            _ if self.is_preformatted => {}
            "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => {
                self.ask(Gap::Block);
                let level = name.as_bytes()[1] - b'0';
                let mark = format!("{} ", "#".repeat(level.into()));
                self.around(closes, &mark, "");
            }
            "ul" | "ol" | "li" => self.list(name, closes),
            "a" => self.link(tag),
            "img" => {
                let source = tag.attribute("src").and_then(|it| address(&it, self.base));
                let text = tag.attribute("alt").filter(|text| !text.is_empty());
                if let (Some(source), Some(text)) = (source, text) {
                    self.write(&format!("![{text}]({source})"));
                }
            }
            "b" | "strong" => self.around(closes, "**", "**"),
            "em" | "i" => self.around(closes, "*", "*"),
            "code" | "kbd" | "samp" => self.around(closes, "`", "`"),
            "br" => self.ask(Gap::Line),
            "hr" => {
                self.ask(Gap::Block);
                self.write("---");
                self.ask(Gap::Block);
            }
            "blockquote" => {
                self.ask(Gap::Block);
                self.indent(closes, "> ");
            }
            "table" | "tr" | "td" | "th" => self.table(name, closes),
            name if BLOCKS.contains(&name) => self.ask(Gap::Block),
            _ => {}
        }
    }

    /// Begins or ends a part of the page that has a margin, up to as many as anybody reads.
    fn indent(&mut self, closes: bool, margin: &str) {
        if closes {
            let around = self.margin.strip_suffix(margin).map(str::len);
            self.margin.truncate(around.unwrap_or(self.margin.len()));
        } else if self.margin.len() < MAX_MARGIN {
            self.margin.push_str(margin);
        }
    }

    fn preformatted(&mut self, closes: bool) {
        if closes == self.is_preformatted {
            self.ask(Gap::Block);
            self.is_preformatted = !closes;
            let margin = self.margin.clone();
            match closes {
                false => self.write(&format!("```\n{margin}")),
                true => {
                    let end = self.out.trim_end_matches('\n').len();
                    self.out.truncate(end);
                    self.out.extend(["\n", &margin, "```"]);
                }
            }
            self.gap = if closes { Gap::Block } else { Gap::Nothing };
        }
    }

    fn list(&mut self, name: &str, closes: bool) {
        let gap = |lists: &[List]| match lists {
            [] => Gap::Block,
            _ => Gap::Line,
        };
        match (name, closes) {
            ("li", false) => {
                // One without a list around it begins one; the end of the one before may be left out.
                if self.lists.is_empty() {
                    self.lists.push(List::new(name, &self.margin));
                }
                self.list(name, true);
                self.ask(Gap::Line);
                let mark = match self.lists.last_mut().and_then(|it| it.number.as_mut()) {
                    Some(number) => {
                        *number += 1;
                        format!("{number}. ")
                    }
                    None => "- ".to_owned(),
                };
                // Its own paragraphs stand under its text.
                self.write(&mark);
                self.is_at_item = true;
                self.indent(false, "  ");
            }
            ("li", true) => {
                if let Some(list) = self.lists.last()
                    && list.margin < self.margin.len()
                {
                    self.is_at_item = false;
                    self.margin.truncate(list.margin);
                    self.gap = Gap::Line;
                }
            }
            (_, false) => {
                self.ask(gap(&self.lists));
                self.lists.push(List::new(name, &self.margin));
            }
            (_, true) => {
                if let Some(list) = self.lists.pop() {
                    self.is_at_item = false;
                    self.margin.truncate(list.margin);
                }
                self.gap = gap(&self.lists);
            }
        }
    }

    fn link(&mut self, tag: &Tag<'_>) {
        if !tag.closes {
            let address = tag.attribute("href").and_then(|it| address(&it, self.base));
            if address.is_some() {
                self.around(false, "[", "");
            }
            self.links.push(address);
        } else if let Some(Some(address)) = self.links.pop() {
            self.around(true, "[", &format!("]({address})"));
        }
    }

    /// The ends of cells and rows may be left out: whatever comes next ends them.
    fn table(&mut self, name: &str, closes: bool) {
        let is_cell = matches!(name, "td" | "th");
        if std::mem::take(&mut self.is_in_cell) {
            self.gap = Gap::Nothing;
            self.write(" |");
            self.cells += 1;
        }
        if !is_cell && std::mem::take(&mut self.is_in_row) {
            self.gap = Gap::Line;
            if self.rows == 0 {
                self.write(&format!("|{}", " --- |".repeat(self.cells)));
                self.gap = Gap::Line;
            }
            self.rows += 1;
        }
        match (name, closes) {
            ("tr", false) => {
                self.ask(Gap::Line);
                self.write("|");
                self.cells = 0;
                self.is_in_row = true;
            }
            ("table", _) => {
                self.ask(Gap::Block);
                self.rows = 0;
            }
            (_, false) => {
                self.gap = Gap::Space;
                self.is_in_cell = self.is_in_row;
            }
            _ => {}
        }
    }
}

impl List {
    fn new(name: &str, margin: &str) -> Self {
        Self {
            number: (name == "ol").then_some(0),
            margin: margin.len(),
        }
    }
}

/// Where a link of a page at `base` leads; `None` for one that leads nowhere else.
fn address(link: &str, base: &str) -> Option<String> {
    let scheme = link.split(['/', '?', '#']).next().unwrap_or_default();
    if let Some((scheme, _)) = scheme.split_once(':') {
        let is_known = ["http", "https", "mailto"].contains(&&*scheme.to_ascii_lowercase());
        return is_known.then(|| link.to_owned());
    }
    let (base_scheme, behind) = base.split_once("://")?;
    let path_start = behind.find(['/', '?', '#']).unwrap_or(behind.len());
    let (host, path) = behind.split_at(path_start);
    let path = path.split(['?', '#']).next().unwrap_or_default();
    match link {
        "" => None,
        _ if link.starts_with('#') => None,
        _ if link.starts_with("//") => Some(format!("{base_scheme}:{link}")),
        _ if link.starts_with('/') => Some(format!("{base_scheme}://{host}{link}")),
        _ if link.starts_with('?') => Some(format!("{base_scheme}://{host}{path}{link}")),
        _ => {
            let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
            Some(format!("{base_scheme}://{host}{folder}/{link}"))
        }
    }
}

/// A text without its `&…;`.
fn unescape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, reference)) = split_at(rest, '&') {
        out.push_str(before);
        // No name is longer: a page of nothing but `&` is not looked through for each.
        let end = reference.bytes().take(32).position(|it| it == b';');
        let known =
            end.and_then(|end| Some((character(&reference[1..end])?, &reference[end + 1..])));
        match known {
            Some((character, behind)) => {
                out.push(character);
                rest = behind;
            }
            None => {
                out.push('&');
                rest = &reference[1..];
            }
        }
    }
    out + rest
}

fn character(name: &str) -> Option<char> {
    if let Some(number) = name.strip_prefix('#') {
        let number = match number.strip_prefix(['x', 'X']) {
            Some(hex) => u32::from_str_radix(hex, 16),
            None => number.parse(),
        };
        return number.ok().and_then(char::from_u32);
    }
    Some(match name {
        "amp" => '&',
        "apos" => '\'',
        "bull" => '•',
        "copy" => '©',
        "gt" => '>',
        "hellip" => '…',
        "laquo" => '«',
        "ldquo" => '“',
        "lsquo" => '‘',
        "lt" => '<',
        "mdash" => '—',
        "middot" => '·',
        "nbsp" => '\u{a0}',
        "ndash" => '–',
        "quot" => '"',
        "raquo" => '»',
        "rdquo" => '”',
        "rsquo" => '’',
        "times" => '×',
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const BASE: &str = "https://example.org/docs/page.html?q=1";

    fn is(html: &str, markdown: &str) {
        assert_eq!(from_html(html, BASE), markdown, "{html}");
    }

    #[test]
    fn blocks_and_what_is_in_them() {
        is(
            "<!doctype html><html><head><title>T</title><style>p{}</style></head>\n<body>\n<h1> A\n <em>page</em> </h1>\n\n<p>One<br>two &amp; <b>three </b>.</p><hr/><p></p><p>four</p></body></html>",
            "# A *page*\n\nOne\ntwo & **three** .\n\n---\n\nfour",
        );
        is("<h2><b></b>x</h2>y", "## x\n\ny");
        is("a<script>if (a < b) { x(\"</p>\") }</SCRIPT >b", "ab");
        is("1 < 2 <!-- <p> --> <3", "1 < 2 <3");
        is(
            "<blockquote><p>a</p><p>b</p></blockquote><p>c</p>",
            "> a\n>\n> b\n\nc",
        );
        is("", "");
        is("plain", "plain");
    }

    #[test]
    fn lists_nest_and_count() {
        is(
            "<p>x</p><ul><li>a<ol><li>b</li><li>c</li></ol></li> <li><p>d</p></li></ul>e",
            "x\n\n- a\n  1. b\n  2. c\n- d\n\ne",
        );
    }

    #[test]
    fn ends_that_may_be_left_out_are_found() {
        is("<ul><li>a<li>b<li>c</ul><p>after", "- a\n- b\n- c\n\nafter");
        is(
            "<ol><li>a<ul><li>b<li><p>c<p>d</ul><li>e</ol>f",
            "1. a\n  - b\n  - c\n\n    d\n2. e\n\nf",
        );
        is("<ul><li><li>a</ul>", "- \n- a");
        is("<ul><li>a<blockquote>b</ul>c", "- a\n  >\n  > b\n\nc");
        is(
            "<blockquote><li>a<li>b</li></blockquote>c",
            "> - a\n> - b\n\nc",
        );
        is(
            "<table><tr><th>a<th>b<tr><td>1<td>2<tr><td>3</table>c",
            "| a | b |\n| --- | --- |\n| 1 | 2 |\n| 3 |\n\nc",
        );
        is(
            "<table><tr><td><p>a</p><p>b</p><ul><li>c<li>d</ul></td></tr></table>",
            "| a b - c - d |\n| --- |",
        );
    }

    /// Each takes minutes where a piece of it is looked at again for every other.
    #[test]
    fn large_pages_are_read_once() {
        for (piece, times) in [
            ("<li>x", 30_000),
            ("<ul><li>x", 30_000),
            ("<blockquote>x", 30_000),
            ("<table><tr><td>x", 30_000),
            ("<a ", 150_000),
            ("<a '", 150_000),
            ("<a '\"'", 150_000),
            ("<b>", 150_000),
            ("<!--", 150_000),
            ("</script", 150_000),
            ("&", 400_000),
            ("&#", 400_000),
        ] {
            let html = format!("<ul>{}", piece.repeat(times));
            let markdown = from_html(&html, BASE);
            // Margins and rules are all that is added.
            assert!(markdown.len() <= 32 * html.len(), "{piece}");
        }
        let deep = from_html(&"<ul><li>x".repeat(40), BASE);
        let last = format!("\n{}- x", " ".repeat(MAX_MARGIN));
        assert_eq!(deep.matches(&last).count(), 8);
    }

    #[test]
    fn links_are_whole() {
        for (link, whole) in [
            ("https://a.org/b", "https://a.org/b"),
            ("//a.org/b", "https://a.org/b"),
            ("/b?c=1&amp;d=2", "https://example.org/b?c=1&d=2"),
            ("b.html#c", "https://example.org/docs/b.html#c"),
            ("?p=2", "https://example.org/docs/page.html?p=2"),
            ("mailto:a@b.org", "mailto:a@b.org"),
        ] {
            is(
                &format!("see <a class=x href=\"{link}\">the <i>page</i> </a>!"),
                &format!("see [the *page*]({whole}) !"),
            );
        }
        for nowhere in ["#top", "javascript:x()", "data:text/plain,x"] {
            is(&format!("<a href='{nowhere}'>x</a>"), "x");
        }
        is("<a href=/x><img src=y.png></a>z", "z");
        is(
            "<img alt='A b' src=y.png>",
            "![A b](https://example.org/docs/y.png)",
        );
        assert_eq!(
            address("b", "http://a.org").as_deref(),
            Some("http://a.org/b")
        );
    }

    #[test]
    fn code_keeps_its_lines_and_tables_their_cells() {
        is(
            "<p>Run <code>a  b</code>:</p><pre><code>if a &lt; b {\n  <b>c</b>\n}\n</code></pre><p>d",
            "Run `a b`:\n\n```\nif a < b {\n  c\n}\n```\n\nd",
        );
        is(
            "<table><thead><tr><th>a</th><th> b</th></tr></thead><tr><td>1</td><td></td></tr></table>c",
            "| a | b |\n| --- | --- |\n| 1 | |\n\nc",
        );
    }

    #[test]
    fn broken_pages_are_read_as_far_as_they_go() {
        for html in [
            "<",
            "<a",
            "<a href",
            "<a href=",
            "</",
            "<a href='x>y",
            "&",
            "&#;",
            "&#x110000;",
            "&é;",
            "<script>",
            "<!--",
            "</li></ul></pre></a></tr>",
            "<pre>x",
            "<é>",
            "<a =>x</a>",
        ] {
            from_html(html, BASE);
            from_html(&format!("{html}é"), "no url");
        }
        is("&é; &unknown; &#233;&#xe9;", "&é; &unknown; éé");
    }
}
