//! The path of a position in a JSON text.

use super::reader::{Reader, Stop};

/// A step of the path from a JSON text's root to a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PathStep {
    /// The key of an object's entry.
    Key(String),
    /// The index of an array's element, from 0.
    Index(usize),
}

/// Returns the path of the innermost value that begins before an offset in bytes and does not end before it. The text need not be
/// JSON after that offset.
///
/// ```
/// use users_model::json::{PathStep, path_at};
///
/// let text = r#"{"users":[{},{"email":5}]}"#;
/// let path = [PathStep::Key("users".into()), PathStep::Index(1), PathStep::Key("email".into())];
/// assert_eq!(path_at(text, text.find("}]").unwrap()), path);
/// ```
pub fn path_at(text: &str, offset: usize) -> Vec<PathStep> {
    let mut path = Vec::new();
    // An error means that the value of the path is not JSON.
    let _ = walk(&mut Reader::new(text, usize::MAX), offset, &mut path);
    path
}

/// Reads values until one ends at or after the offset. `path` is its path then.
fn walk(reader: &mut Reader<'_>, offset: usize, path: &mut Vec<PathStep>) -> Result<(), Stop> {
    loop {
        let first = match reader.peek() {
            open @ (b'{' | b'[') if reader.open(open) == Some(true) => match open {
                b'{' => Some(PathStep::Key(String::new())),
                _ => Some(PathStep::Index(0)),
            },
            b'{' | b'[' => None,
            _ => reader.skip().map(|_| None)?,
        };
        if let Some(first) = first {
            if !enter(reader, offset, path, first)? {
                return Ok(());
            }
            continue;
        }
        // The value of the path has ended, and with it perhaps those that contain it.
        loop {
            if reader.position() >= offset {
                return Ok(());
            }
            let Some(step) = path.pop() else { return Ok(()) };
            let close = if matches!(step, PathStep::Key(_)) { b'}' } else { b']' };
            if reader.more(close)? {
                let next = match step {
                    PathStep::Index(index) => PathStep::Index(index + 1),
                    key @ PathStep::Key(_) => key,
                };
                if !enter(reader, offset, path, next)? {
                    return Ok(());
                }
                break;
            }
        }
    }
}

/// Goes to the next element of an object or array: reads its key, and adds its step to the path. Returns `false` if the element
/// does not begin before the offset.
fn enter(
    reader: &mut Reader<'_>,
    offset: usize,
    path: &mut Vec<PathStep>,
    step: PathStep,
) -> Result<bool, Stop> {
    let step = match step {
        PathStep::Key(_) => {
            let key = reader.key()?;
            PathStep::Key(key.unescaped().map_or_else(|| key.quoted(), Into::into))
        }
        index @ PathStep::Index(_) => index,
    };
    reader.peek();
    let is_before = reader.position() < offset;
    if is_before {
        path.push(step);
    }
    Ok(is_before)
}
