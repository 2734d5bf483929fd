//! Letting other tasks run.

use std::future::{Future, poll_fn};
use std::task::Poll;

/// Lets other tasks run before this one continues.
pub(super) fn yield_now() -> impl Future<Output = ()> + Send {
    let mut has_yielded = false;
    poll_fn(move |context| {
        if has_yielded {
            return Poll::Ready(());
        }
        has_yielded = true;
        context.waker().wake_by_ref();
        Poll::Pending
    })
}
