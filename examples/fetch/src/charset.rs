//! Bytes to text, by what the answer says of them.

/// What windows-1252 has in the places of the control characters that nobody sends.
const FROM_0X80: [char; 32] = [
    '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž', '\u{8f}',
    '\u{90}', '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9d}', 'ž', 'Ÿ',
];

/// The charset that a content type says, in lower case; UTF-8 where it says none.
pub(crate) fn of(content_type: &str) -> String {
    let mut parameters = content_type.split(';').skip(1);
    let charset = parameters.find_map(|it| {
        let (name, value) = it.split_once('=')?;
        let is_charset = name.trim().eq_ignore_ascii_case("charset");
        is_charset.then(|| value.trim().trim_matches(['"', '\'']))
    });
    charset.unwrap_or("utf-8").to_ascii_lowercase()
}

/// The text; `None` in a charset that is not known here. What is not UTF-8 though it should be becomes `�`.
pub(crate) fn decode(bytes: &[u8], charset: &str) -> Option<String> {
    match charset {
        "utf-8" | "utf8" => Some(String::from_utf8_lossy(bytes).into_owned()),
        // Browsers take the first three for the last, too.
        "us-ascii" | "iso-8859-1" | "latin1" | "windows-1252" => {
            Some(bytes.iter().map(|it| windows_1252(*it)).collect())
        }
        _ => None,
    }
}

fn windows_1252(byte: u8) -> char {
    let special = byte.checked_sub(0x80).map(usize::from);
    let special = special.and_then(|it| FROM_0X80.get(it));
    special.copied().unwrap_or_else(|| char::from(byte))
}
