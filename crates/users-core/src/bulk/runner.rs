//! A bounded number of tasks over a stream of inputs: what runs bulk operations, `delete_all` and imports.

use futures_util::future::BoxFuture;
use futures_util::stream::{BoxStream, FuturesUnordered, StreamExt as _};
use std::task::{Context, Poll};

/// Runs a bounded number of tasks. Its owner makes the tasks of an input, and may follow a task that ended with another one.
pub(super) struct Runner<I, E> {
    inputs: BoxStream<'static, I>,
    has_inputs: bool,
    concurrency: usize,
    running: FuturesUnordered<BoxFuture<'static, E>>,
}

/// What a runner gives to its owner.
pub(super) enum Event<I, E> {
    /// The next input. There is room for its task.
    Input(I),
    /// A task has ended.
    Ended(E),
}

impl<I, E> Runner<I, E> {
    pub(super) fn new(inputs: BoxStream<'static, I>, concurrency: usize) -> Self {
        Self { inputs, has_inputs: true, concurrency, running: FuturesUnordered::new() }
    }

    /// Runs a task.
    pub(super) fn push(&mut self, task: BoxFuture<'static, E>) {
        self.running.push(task);
    }

    /// Takes no further input. The tasks that run end.
    pub(super) fn stop(&mut self) {
        self.has_inputs = false;
    }

    /// The number of tasks that run.
    pub(super) fn running(&self) -> usize {
        self.running.len()
    }

    /// The next event; `None` when there are no more inputs and all tasks have ended.
    pub(super) fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Option<Event<I, E>>> {
        if self.has_inputs && self.running.len() < self.concurrency {
            match self.inputs.poll_next_unpin(context) {
                Poll::Ready(Some(input)) => return Poll::Ready(Some(Event::Input(input))),
                Poll::Ready(None) => self.has_inputs = false,
                Poll::Pending => {}
            }
        }
        match self.running.poll_next_unpin(context) {
            Poll::Ready(Some(ended)) => Poll::Ready(Some(Event::Ended(ended))),
            Poll::Ready(None) if !self.has_inputs => Poll::Ready(None),
            _ => Poll::Pending,
        }
    }
}
