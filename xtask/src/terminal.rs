//! A recording of the operators' tool in a terminal.

use crate::run::{cargo, command, target};
use std::fmt::Write as _;
use std::io::{Read as _, Write as _};
use std::num::NonZeroU16;
use std::path::Path;
use std::process::{Child, ChildStdin, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

const ROWS: NonZeroU16 = NonZeroU16::new(24).unwrap();
const COLUMNS: NonZeroU16 = NonZeroU16::new(112).unwrap();
const PROMPT: &str = "$ ";

/// What is typed, each after this text was printed.
const SESSION: &[(&str, &str)] = &[
    (PROMPT, "auth0-users count"),
    (PROMPT, "auth0-users search 'last_login:[* TO 2023-01-01]' --limit 5 --fields user_id,email,last_login"),
    (
        PROMPT,
        "auth0-users block --query 'last_login:[* TO 2024-01-01] AND NOT blocked:true' --dry-run > /dev/null",
    ),
    (PROMPT, "auth0-users block --query 'last_login:[* TO 2024-01-01] AND NOT blocked:true' > blocked.txt"),
    ("[y/N] ", "y"),
];

/// How long the run is shown before the picture is taken.
const RUNNING: Duration = Duration::from_secs(25);
/// The longest wait for a text.
const LONGEST: Duration = Duration::from_secs(120);
const POLL: Duration = Duration::from_millis(50);

/// Executes the session, and writes what the terminal shows at its end.
pub fn record(file: &Path) -> Result<(), String> {
    let file = std::path::absolute(file).map_err(|error| error.to_string())?;
    cargo(&["build", "--quiet", "--release", "-p", "users-tenant", "-p", "users-cli"])?;
    let folder = std::env::temp_dir().join(format!("users-terminal-{}", std::process::id()));
    std::fs::create_dir_all(&folder).map_err(|error| error.to_string())?;
    let shown = Terminal::start(&folder).and_then(|terminal| terminal.play());
    // What is left is in the folder for temporary files.
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::write(&file, shown?).map_err(|error| format!("{}: {error}", file.display()))
}

/// A shell in a terminal.
struct Terminal {
    process: Child,
    keyboard: ChildStdin,
    screen: Arc<Mutex<vt100::Parser>>,
}

impl Terminal {
    fn start(folder: &Path) -> Result<Self, String> {
        let programs = target().join("release");
        let path = std::env::var("PATH").unwrap_or_default();
        let shell = format!(
            "stty rows {ROWS} cols {COLUMNS}; exec users-tenant exec --users 12000 --tier private-cloud -- \
             bash --rcfile rc --noediting -i"
        );
        std::fs::write(folder.join("rc"), format!("PS1='{PROMPT}'\n")).map_err(|error| error.to_string())?;
        let mut process = command("script")
            .args(["-qfec", &shell, "/dev/null"])
            .current_dir(folder)
            .env("PATH", format!("{}:{path}", programs.display()))
            .env("TERM", "xterm-256color")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| format!("script: {error}"))?;
        let (Some(keyboard), Some(mut output)) = (process.stdin.take(), process.stdout.take()) else {
            return Err("the terminal has no input or output".to_owned());
        };
        let screen = Arc::new(Mutex::new(vt100::Parser::new(ROWS, COLUMNS, 0)));
        let shown = Arc::clone(&screen);
        std::thread::spawn(move || {
            let mut bytes = [0; 4096];
            while let Ok(count @ 1..) = output.read(&mut bytes) {
                let read = bytes.get(..count).unwrap_or_default();
                shown.lock().unwrap_or_else(PoisonError::into_inner).process(read);
            }
        });
        Ok(Self { process, keyboard, screen })
    }

    fn play(mut self) -> Result<String, String> {
        let played = SESSION.iter().try_for_each(|(after, line)| self.type_line(after, line));
        sleep(RUNNING);
        let picture = self.with_screen(picture);
        drop(self.keyboard);
        let _ = self.process.kill();
        let _ = self.process.wait();
        played.map(|()| picture)
    }

    fn type_line(&mut self, after: &str, line: &str) -> Result<(), String> {
        let mut waits = 0..LONGEST.as_millis() / POLL.as_millis();
        while !self.with_screen(|screen| is_before_cursor(screen, after)) {
            if waits.next().is_none() {
                let shown = self.with_screen(vt100::Screen::contents);
                return Err(format!("{after:?} was not printed before {line:?}:\n{shown}"));
            }
            sleep(POLL);
        }
        writeln!(self.keyboard, "{line}").map_err(|error| error.to_string())?;
        // So that the same prompt is not seen twice.
        sleep(10 * POLL);
        Ok(())
    }

    fn with_screen<T>(&self, look: impl FnOnce(&vt100::Screen) -> T) -> T {
        look(self.screen.lock().unwrap_or_else(PoisonError::into_inner).screen())
    }
}

#[allow(clippy::disallowed_methods)]
fn sleep(time: Duration) {
    std::thread::sleep(time);
}

fn is_before_cursor(screen: &vt100::Screen, text: &str) -> bool {
    let (row, column) = screen.cursor_position();
    let line = screen.contents_between(row, 0, row, column);
    // A prompt is a whole line.
    line.ends_with(text) && (text != PROMPT || line == text)
}

/// The screen as SVG.
fn picture(screen: &vt100::Screen) -> String {
    let mut text = String::new();
    for row in 0..ROWS.get() {
        let mut is_bold = false;
        for column in 0..COLUMNS.get() {
            let Some(cell) = screen.cell(row, column) else { continue };
            if cell.bold() != is_bold {
                is_bold = cell.bold();
                let _ = write!(text, "\x1b[{}m", u8::from(is_bold));
            }
            text += if cell.has_contents() { cell.contents() } else { " " };
        }
        let end = text.trim_end().len();
        text.truncate(end);
        text += if is_bold { "\x1b[0m\n" } else { "\n" };
    }
    anstyle_svg::Term::new().render_svg(text.trim_end())
}
