//! Keeping tokens out of text that people read.

/// A text on one line, short enough for a log, without anything in it that looks like a token.
pub(crate) fn line(text: &str, secrets: &[&str]) -> String {
    const LONGEST: usize = 400;

    let mut text = text.to_owned();
    for secret in secrets.iter().filter(|secret| secret.len() >= 4) {
        text = text.replace(secret, "[redacted]");
    }
    let mut line = String::with_capacity(text.len().min(LONGEST));
    let is_token =
        |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '+' | '/' | '=' | '~');
    let mut rest = text.as_str();
    while let Some(first) = rest.chars().next() {
        let word = rest.find(|c| !is_token(c)).map_or(rest, |end| rest.get(..end).unwrap_or(rest));
        if word.is_empty() {
            line.push(if first.is_control() { ' ' } else { first });
            rest = rest.get(first.len_utf8()..).unwrap_or_default();
            continue;
        }
        // A JWT is JSON in base64url, so it begins with `eyJ`.
        match word.find("eyJ") {
            Some(at) if word.len() - at >= 16 => {
                line.push_str(word.get(..at).unwrap_or_default());
                line.push_str("[redacted]");
            }
            _ => line.push_str(word),
        }
        rest = rest.get(word.len()..).unwrap_or_default();
    }
    if line.chars().count() > LONGEST {
        line = line.chars().take(LONGEST).chain(['…']).collect();
    }
    line.trim().to_owned()
}

/// What serde_json says of text that does not fit, without the text: it quotes what it found.
pub(crate) fn json_error(error: &serde_json::Error) -> String {
    let message = error.to_string();
    // A missing field is named by the type, not by what came.
    if message.starts_with("missing field") {
        return message;
    }
    let (found, expected) =
        message.split_at(message.rfind(", expected").or_else(|| message.rfind(" at line")).unwrap_or(0));
    let mut shown = String::with_capacity(message.len());
    for quote in ['"', '`'] {
        if let (Some(first), Some(last)) = (found.find(quote), found.rfind(quote)) {
            if first < last {
                shown.push_str(found.get(..=first).unwrap_or_default());
                shown.push('…');
                shown.push_str(found.get(last..).unwrap_or_default());
                return shown + expected;
            }
        }
    }
    message
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_and_line_ends_are_gone() {
        assert_eq!(
            line(
                "Invalid token: eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ4In0.abc\r\nfrom \"hunter2!\"",
                &["hunter2!"]
            ),
            "Invalid token: [redacted]  from \"[redacted]\""
        );
        assert_eq!(line("access_token=eyJhbGciOiJSUzI1NiJ9.e30.x&y", &[]), "access_token=[redacted]&y");
        assert_eq!(line(&"x y ".repeat(1000), &[]).chars().count(), 401);
        assert_eq!(line("Grüße", &[]), "Grüße");
    }

    #[test]
    fn a_json_error_does_not_quote_what_came() {
        let error = serde_json::from_str::<u8>(r#""hunter2""#).unwrap_err();
        assert_eq!(json_error(&error), "invalid type: string \"…\", expected u8 at line 1 column 9");
        let error = serde_json::from_str::<bool>("123456").unwrap_err();
        assert_eq!(json_error(&error), "invalid type: integer `…`, expected a boolean at line 1 column 6");
    }
}
