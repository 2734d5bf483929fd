//! `--jq`: filters in the language of jq, by the crates of jaq.

use crate::exit::{Code, Failure};
use jaq_core::data::JustLut;
use jaq_core::load::{Arena, Error, File, Loader, lex, span};
use jaq_core::{Compiler, Ctx, Vars};
use jaq_json::{Val, read};

/// A filter that was compiled.
pub(crate) struct Filter(jaq_core::Filter<JustLut<Val>>);

/// The deepest nesting of a user, as serde_json limits it.
const DEEPEST: usize = 128;

/// Compiles a filter, so that a mistake is reported before anything is sent.
pub(crate) fn check(code: &str) -> Result<String, String> {
    Filter::compile(code).map(|_| code.to_owned())
}

impl Filter {
    /// Compiles a filter. The error names the place of the first mistake.
    pub(crate) fn compile(code: &str) -> Result<Self, String> {
        let definitions = jaq_core::defs().chain(jaq_std::defs()).chain(jaq_json::defs());
        let natives = jaq_core::funs().chain(jaq_std::funs()).chain(jaq_json::funs());
        // The environment has secrets, which are not printed.
        let natives = natives.filter(|(name, ..)| *name != "env");
        let arena = Arena::default();
        let modules = Loader::new(definitions).load(&arena, File { code, path: () });
        let modules = modules.map_err(|errors| first(errors, not_read))?;
        let compiled = Compiler::default().with_funs(natives).compile(modules);
        let compiled = compiled.map_err(|errors| {
            first(errors, |code, undefined| {
                let (name, kind) = undefined.into_iter().next()?;
                Some(format!("{}: there is no {} {name}", place(code, name), kind.as_str()))
            })
        })?;
        Ok(Self(compiled))
    }

    /// Prints what the filter makes of the JSON text of this user.
    pub(crate) fn apply(
        &self,
        user: &str,
        json: &str,
        mut print: impl FnMut(&[u8]) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let failed =
            |why: &str| Failure::new(Code::Failed, format!("{user}: the filter of --jq failed: {why}"));
        // The parser of jaq descends without a limit.
        if depth(json) > DEEPEST {
            return Err(failed("the values are nested too deeply"));
        }
        let input = read::parse_single(json.as_bytes()).map_err(|error| failed(&error.to_string()))?;
        let context = Ctx::<JustLut<Val>>::new(&self.0.lut, Vars::new([]));
        for output in self.0.id.run((context, input)) {
            match output {
                Ok(Val::TStr(text)) => print(&text)?,
                Ok(value) => print(value.to_string().as_bytes())?,
                Err(exception) => {
                    let error = exception.get_err().map(|error| error.to_string());
                    return Err(failed(&error.unwrap_or_else(|_| "it called halt".to_owned())));
                }
            }
        }
        Ok(())
    }
}

/// How deeply the values of a JSON text are nested.
fn depth(json: &str) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0);
    let (mut is_string, mut is_escaped) = (false, false);
    for byte in json.bytes() {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' if is_string => is_escaped = true,
            b'"' => is_string = !is_string,
            b'[' | b'{' if !is_string => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b']' | b'}' if !is_string => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

/// Describes the first of several mistakes.
fn first<E>(errors: Vec<(File<&str, ()>, E)>, describe: impl Fn(&str, E) -> Option<String>) -> String {
    let found = errors.into_iter().find_map(|(file, error)| describe(file.code, error));
    found.unwrap_or_else(|| "it is not a filter".to_owned())
}

/// Describes why a filter is not read.
fn not_read(code: &str, error: Error<&str>) -> Option<String> {
    match error {
        Error::Io(errors) => {
            let (name, why) = errors.into_iter().next()?;
            Some(format!("{}: {why}", place(code, name)))
        }
        Error::Lex(errors) => {
            let (expected, found) = errors.into_iter().next()?;
            let what = expected.as_str();
            // A bracket that is not closed is named, not the end of the text.
            let at = if let lex::Expect::Delim(open) = expected { open } else { found };
            Some(format!("{}: {what} is expected", place(code, at)))
        }
        Error::Parse(errors) => {
            let (expected, found) = errors.into_iter().next()?;
            Some(format!("{}: {} is expected", place(code, found), expected.as_str()))
        }
    }
}

/// Where a part of the text begins.
fn place(code: &str, part: &str) -> String {
    let before = code.get(..span(code, part).start).unwrap_or(code);
    let line = before.rsplit('\n').next().unwrap_or_default();
    let character = line.chars().count() + 1;
    match before.matches('\n').count() {
        0 => format!("character {character}"),
        lines => format!("line {}, character {character}", lines + 1),
    }
}

#[cfg(test)]
mod tests {
    use super::{Failure, Filter, check};

    fn lines(code: &str, json: &str) -> Result<Vec<String>, String> {
        let filter = Filter::compile(code)?;
        let mut lines = Vec::new();
        let print = |line: &[u8]| {
            lines.push(String::from_utf8(line.to_vec()).unwrap());
            Ok(())
        };
        filter.apply("auth0|1", json, print).map_err(Failure::into_message)?;
        Ok(lines)
    }

    #[test]
    fn strings_are_printed_raw_and_other_values_as_json() {
        let json = r#"{"name":"Ada \"L\"","tags":["a","b"],"blocked":null,"seats":5}"#;
        assert_eq!(
            lines(".name, .tags, .blocked, .seats, .tags[]", json).unwrap(),
            ["Ada \"L\"", r#"["a","b"]"#, "null", "5", "a", "b"]
        );
        let joined = lines(r#"[.name, .seats] | join("\t"), @json, @base64"#, json).unwrap();
        assert_eq!(joined, ["Ada \"L\"\t5", r#"["Ada \"L\"",5]"#, "WyJBZGEgXCJMXCIiLDVd"]);
        assert_eq!(lines("select(.seats > 5)", json).unwrap(), [""; 0]);
        assert_eq!(lines(r#"select(.name | test("^Ada")) | .seats"#, json).unwrap(), ["5"]);
    }

    #[test]
    fn numbers_keep_their_digits_unless_a_filter_calculates_with_decimals() {
        let json =
            r#"{"id":123456789012345678901234567890,"huge":1e400,"exact":0.1000000000000000000000001}"#;
        assert_eq!(
            lines(".id, .id + 1, .huge, .exact, {exact}", json).unwrap(),
            [
                "123456789012345678901234567890",
                "123456789012345678901234567891",
                "1e400",
                "0.1000000000000000000000001",
                r#"{"exact":0.1000000000000000000000001}"#
            ]
        );
    }

    #[test]
    fn a_mistake_is_named_with_its_place() {
        for (code, part) in [
            (".email | lenght", "character 10: there is no filter lenght"),
            (".a | (.b", "character 6: closing parenthesis is expected"),
            (".a |", "character 5: term is expected"),
            (".a\n| $x", "line 2, character 3: there is no variable $x"),
            ("\"é\" & .b", "character 5: token is expected"),
            ("env", "there is no filter env"),
            ("$ENV", "there is no variable $ENV"),
            ("input", "there is no filter input"),
            ("import \"a\" as a; .", "character 9: module loading not supported"),
            ("", "character 1"),
        ] {
            let error = check(code).unwrap_err();
            assert!(error.contains(part), "{code}: {error}");
        }
    }

    #[test]
    fn what_cannot_be_filtered_is_an_error_that_names_the_user() {
        let deep = format!("{{\"a\":{}{}}}", "[".repeat(100_000), "]".repeat(100_000));
        for (code, json, part) in [
            (".name.first", r#"{"name":"Ada"}"#, "cannot index"),
            ("error(\"no\")", "{}", "no"),
            ("halt", "{}", "halt"),
            (".", &deep, "too deeply"),
        ] {
            let error = lines(code, json).unwrap_err();
            assert!(error.starts_with("auth0|1: ") && error.contains(part), "{code}: {error}");
        }
        let text = format!("{{\"a\":\"{}\\\"[\"}}", "[".repeat(1000));
        assert_eq!(lines(".a | length", &text).unwrap(), ["1002"], "brackets within a string are not nested");
        let lone = lines(".a", r#"{"a":"\ud800"}"#);
        assert!(lone.is_err(), "{lone:?}");
    }
}
