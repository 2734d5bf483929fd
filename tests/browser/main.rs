//! Stories in a real browser. Without chromium and chromedriver they are skipped, unless `CI` is set.

mod browser;
mod logins;
mod page;
