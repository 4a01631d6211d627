//! Requests of the core become calls of the session, results become answers.

use crate::app::{Answer, Request};
use crate::cluster::{Deletion, Session};
use crate::domain::feed::{AccessQuestion, Failure, FailureSort};

/// Asks the cluster.
pub async fn answer(session: &Session, request: Request) -> Answer {
    let answer = match request {
        Request::Yaml {
            target,
            managed_fields,
            reveal,
        } => session
            .get_yaml(&target, managed_fields, reveal)
            .await
            .map(Answer::Document),
        Request::Describe(target) => session.describe(&target).await.map(Answer::Document),
        Request::Events(target) => session.events_of(&target).await.map(Answer::Events),
        Request::Containers(pod) => session.containers(&pod).await.map(Answer::Containers),
        Request::Tail {
            pod,
            container,
            previous,
            lines,
        } => session
            .tail(&pod, &container, previous, lines)
            .await
            .map(Answer::Tail),
        Request::Resources => session.resources().await.map(Answer::Resources),
        Request::Access(questions) => access(session, &questions).await,
        Request::Delete(target) => session
            .delete(&target, &Deletion::default())
            .await
            .map(|()| Answer::Done),
    };
    answer.unwrap_or_else(Answer::Failed)
}

async fn access(session: &Session, questions: &[AccessQuestion]) -> Result<Answer, Failure> {
    let asked = questions.iter().map(|question| session.access(question));
    let answers = futures::future::try_join_all(asked).await?;
    Ok(Answer::Access(answers))
}

/// There is nobody to ask.
pub fn no_session() -> Failure {
    Failure {
        what: "there is no connection to a cluster".into(),
        why: "".into(),
        remedy: "`:ctx` lists the contexts, `:demo` opens the demo".into(),
        sort: FailureSort::Unreachable,
    }
}
