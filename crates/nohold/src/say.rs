//! What the program says. Whoever listens may stop listening (`nohold import … | head -1`): that ends the talk, and never the
//! work.

use std::fmt::Display;
use std::io::{self, ErrorKind, Write};
use std::sync::atomic::{AtomicBool, Ordering};

/// Standard output could not be written although somebody listens, such as where it is a file on a full disk.
static FAILED: AtomicBool = AtomicBool::new(false);

/// Says a line. Whether it could be said.
pub fn line(words: impl Display) -> bool {
    text(&format!("{words}\n"))
}

/// Says a text as it is. Whether it could be said.
pub fn text(words: &str) -> bool {
    said(&mut io::stdout().lock(), words).unwrap_or_else(|_| {
        FAILED.store(true, Ordering::Relaxed);
        false
    })
}

/// Says a line beside what was asked for.
pub fn aside(words: impl Display) {
    // There is nowhere left to tell that it was not heard.
    let _ = said(&mut io::stderr().lock(), &format!("{words}\n"));
}

/// Whether something was not written that should have been.
pub fn has_failed() -> bool {
    FAILED.load(Ordering::Relaxed)
}

/// Whether somebody listens still.
fn said(to: &mut impl Write, words: &str) -> io::Result<bool> {
    match to.write_all(words.as_bytes()).and_then(|()| to.flush()) {
        Ok(()) => Ok(true),
        Err(problem) if problem.kind() == ErrorKind::BrokenPipe => Ok(false),
        Err(problem) => Err(problem),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Refuses(ErrorKind);

    impl Write for Refuses {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(self.0.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn nobody_who_listens_is_no_failure_and_a_full_disk_is() {
        assert!(said(&mut Vec::new(), "words").unwrap());
        assert!(!said(&mut Refuses(ErrorKind::BrokenPipe), "words").unwrap());
        assert!(said(&mut Refuses(ErrorKind::StorageFull), "words").is_err());
    }
}
