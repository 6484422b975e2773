//! The writer: makes one step after the other durable on a thread of its own, and answers what each made durable. So the
//! keeper bounds the next group while the disk is busy with this one.
//!
//! Steps are written in the order in which they are handed over, one at a time. Where one fails, the thread ends: nothing
//! that came with it or after it is ever answered, and the keeper stops the process. The keeper writes other steps
//! (releases, checkpoints) itself, after [`Writer::settle`].

use std::{
    sync::mpsc::{Receiver, SyncSender, sync_channel},
    thread::JoinHandle,
};

use tokio::sync::{OwnedSemaphorePermit, oneshot};

use crate::vault::{
    intake::{Receipt, Refusal},
    store::{
        Fault,
        disk::{Disk, Step},
    },
};

/// A reply that waits for its step to be durable.
pub(in crate::vault) type Waiting = (oneshot::Sender<Result<Receipt, Refusal>>, Receipt);

/// A step with all that is answered once it is durable.
#[derive(Default)]
pub(in crate::vault) struct Job {
    /// Nothing where a group changes nothing: it is answered in its turn all the same.
    pub(in crate::vault) step: Option<Step>,
    pub(in crate::vault) waiting: Vec<Waiting>,
    /// What these batches take of the room for events under way.
    pub(in crate::vault) rooms: Vec<OwnedSemaphorePermit>,
    /// Told once this job and all before it are done.
    done: Option<SyncSender<()>>,
}

impl Job {
    pub(in crate::vault) fn new(step: Option<Step>, waiting: Vec<Waiting>, rooms: Vec<OwnedSemaphorePermit>) -> Self {
        Self { step, waiting, rooms, done: None }
    }
}

/// The thread and the way to it.
pub(in crate::vault) struct Writer {
    jobs: Option<SyncSender<Job>>,
    thread: Option<JoinHandle<Result<(), Fault>>>,
    /// Ends with the thread.
    gone: Option<oneshot::Receiver<()>>,
}

impl Writer {
    /// Starts the thread.
    pub(in crate::vault) fn start(disk: Disk) -> Result<Self, Fault> {
        // Room for one: neither waits for the other while there is work for both.
        let (jobs, handed_over) = sync_channel(1);
        let (here, gone) = oneshot::channel();
        let thread = std::thread::Builder::new().name("writer".to_owned()).spawn(move || {
            let result = write_all(&disk, &handed_over);
            drop(here);
            result
        });
        let thread = thread.map_err(|source| Fault::File { path: "the writer's thread".into(), source })?;
        Ok(Self { jobs: Some(jobs), thread: Some(thread), gone: Some(gone) })
    }

    /// Hands a job over; waits while another does so that was not begun yet.
    pub(in crate::vault) fn hand_over(&mut self, job: Job) -> Result<(), Fault> {
        match self.jobs.as_ref().map(|jobs| jobs.send(job)) {
            Some(Ok(())) => Ok(()),
            _ => Err(self.end()),
        }
    }

    /// Waits until everything that was handed over is durable.
    pub(in crate::vault) fn settle(&mut self) -> Result<(), Fault> {
        let (done, is_done) = sync_channel(1);
        self.hand_over(Job { done: Some(done), ..Job::default() })?;
        is_done.recv().map_err(|_| self.end())
    }

    /// Waits until the thread has ended, which it does by itself only where a step failed.
    pub(in crate::vault) async fn failed(&mut self) {
        if let Some(gone) = &mut self.gone {
            let _ = gone.await;
            self.gone = None;
        }
    }

    /// Why the thread ended.
    pub(in crate::vault) fn end(&mut self) -> Fault {
        self.jobs = None;
        match self.thread.take().map(JoinHandle::join) {
            Some(Ok(Err(fault))) => fault,
            _ => Fault::damaged("the writer's thread, which ended unexpectedly"),
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

fn write_all(disk: &Disk, jobs: &Receiver<Job>) -> Result<(), Fault> {
    while let Ok(job) = jobs.recv() {
        if let Some(step) = job.step {
            disk.commit(step)?;
        }
        for (reply, receipt) in job.waiting {
            // A producer that is gone will ask again and be told that it is durable.
            let _ = reply.send(Ok(receipt));
        }
        drop(job.rooms);
        if let Some(done) = job.done {
            // Whoever waits for it is there until it comes.
            let _ = done.send(());
        }
    }
    Ok(())
}
