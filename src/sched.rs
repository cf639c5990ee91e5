//! Running Lua code for a request: coroutines, waiting, output, the end.

pub(crate) mod abort;
pub(crate) mod body;
pub(crate) mod buffers;
pub(crate) mod ctx;
pub(crate) mod dispatch;
mod exit;
mod failures;
pub(crate) mod family;
pub(crate) mod filter_chunk;
pub(crate) mod load;
pub(crate) mod output;
mod ready;
pub(crate) mod resource;
pub(crate) mod run;
pub(crate) mod scheduler;
pub(crate) mod semaphore;
pub(crate) mod spare;
pub(crate) mod subrequest;
pub(crate) mod thread;
pub(crate) mod timer;
pub(crate) mod worker;
pub(crate) mod writer;

pub(crate) use ctx::{ClientSocket, Ctx};
pub(crate) use exit::{Elsewhere, Exit, Redirect};
pub(crate) use resource::{Kind, Resource};
pub(crate) use run::Run;
pub(crate) use scheduler::Outcome;
pub(crate) use semaphore::Semaphore;
pub(crate) use thread::{Keeper, Thread, Wait};
