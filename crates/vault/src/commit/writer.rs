//! The writer: makes one step after the other durable on a thread of its own, and answers what each made durable. So the
//! committer bounds the next group while the disk is busy with this one.
//!
//! The thread has the only [`LaneWriter`]. Whatever is to become durable passes through here in one order, so a release or a
//! checkpoint is never ahead of the groups that it was made of. Where a step fails, the thread ends: nothing that came with it
//! or after it is ever answered, and the committer stops the process.

use std::{
    marker::PhantomData,
    sync::mpsc::{Receiver, SyncSender, sync_channel},
    thread::JoinHandle,
};

use tokio::sync::{OwnedSemaphorePermit, oneshot};

use super::intake::{Receipt, Refusal};
use crate::store::{CommitError, Damaged, FileError, Step, writer::LaneWriter};

/// A reply that waits for its step to be durable.
pub(super) type Waiting = (oneshot::Sender<Result<Receipt, Refusal>>, Receipt);

/// A step with all that is answered once it is durable.
#[derive(Default)]
pub(super) struct Job {
    /// Nothing where a group changes nothing: it is answered in its turn all the same.
    pub(super) step: Option<Step>,
    pub(super) waiting: Vec<Waiting>,
    /// What these batches take of the room for events under way.
    pub(super) rooms: Vec<OwnedSemaphorePermit>,
    /// Told once this job and all before it are done.
    pub(super) done: Option<SyncSender<()>>,
}

/// The thread and the way to it.
pub(crate) struct Writer {
    jobs: Option<SyncSender<Job>>,
    thread: Option<JoinHandle<Result<(), CommitError>>>,
    /// Ends with the thread.
    gone: Option<oneshot::Receiver<()>>,
}

/// Proof that everything that was handed over is durable, for as long as it is held.
pub(crate) struct Settled<'w>(PhantomData<&'w mut Writer>);

impl Writer {
    /// Starts the thread.
    pub(crate) fn start(lane: LaneWriter) -> Result<Self, CommitError> {
        // Room for one: neither waits for the other while there is work for both.
        let (jobs, handed_over) = sync_channel(1);
        let (here, gone) = oneshot::channel();
        let thread = std::thread::Builder::new().name("writer".to_owned()).spawn(move || {
            let result = write_all(lane, &handed_over);
            drop(here);
            result
        });
        let thread = thread.map_err(|source| FileError { path: "the writer's thread".into(), source })?;
        Ok(Self { jobs: Some(jobs), thread: Some(thread), gone: Some(gone) })
    }

    /// Hands a job over; waits while another does so that was not begun yet.
    pub(super) fn commit(&mut self, job: Job) -> Result<(), CommitError> {
        match self.jobs.as_ref().map(|jobs| jobs.send(job)) {
            Some(Ok(())) => Ok(()),
            _ => Err(self.end()),
        }
    }

    /// Makes a step durable after all that was handed over before.
    pub(crate) fn commit_and_wait(&mut self, step: Step) -> Result<(), CommitError> {
        self.wait_for(Some(step))
    }

    /// Waits until everything that was handed over is durable.
    pub(crate) fn settled(&mut self) -> Result<Settled<'_>, CommitError> {
        self.wait_for(None)?;
        Ok(Settled(PhantomData))
    }

    fn wait_for(&mut self, step: Option<Step>) -> Result<(), CommitError> {
        let (done, is_done) = sync_channel(1);
        self.commit(Job { step, done: Some(done), ..Job::default() })?;
        is_done.recv().map_err(|_| self.end())
    }

    /// Waits until the thread has ended, which it does by itself only where a step failed.
    pub(super) async fn failed(&mut self) {
        if let Some(gone) = &mut self.gone {
            let _ = gone.await;
            self.gone = None;
        }
    }

    /// Why the thread ended.
    pub(super) fn end(&mut self) -> CommitError {
        self.jobs = None;
        match self.thread.take().map(JoinHandle::join) {
            Some(Ok(Err(error))) => error,
            _ => Damaged::new("the writer's thread, which ended unexpectedly").into(),
        }
    }
}

impl Drop for Writer {
    /// What was handed over is written; then the directory is free for the next process.
    fn drop(&mut self) {
        self.jobs = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn write_all(mut lane: LaneWriter, jobs: &Receiver<Job>) -> Result<(), CommitError> {
    while let Ok(job) = jobs.recv() {
        if let Some(step) = job.step {
            lane.commit(step)?;
        }
        for (reply, receipt) in job.waiting {
            // A producer that is gone will ask again and be told that it is durable.
            let _ = reply.send(Ok(receipt));
        }
        drop(job.rooms);
        if let Some(done) = job.done {
            // The waiter blocks until this arrives, so the send cannot fail.
            let _ = done.send(());
        }
    }
    Ok(())
}
