//! What answers behind a declared port: a page that names the pod, and "ok" where a probe asks.

use std::convert::Infallible;

use hyper::{Method, Request, Response, body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::io::DuplexStream;

use crate::demo::{
    body::{Body, text as page},
    control::json::text,
    place::Place,
};

/// A tiny HTTP service of one container.
#[derive(Debug, Clone)]
pub struct Service {
    page: String,
    /// Paths that the container's probes ask for.
    probes: Vec<String>,
}

impl Service {
    /// The service of a container at a port.
    pub fn of(place: &Place, port: u16) -> Self {
        let nothing = Value::Null;
        let spec = place.spec().unwrap_or(&nothing);
        let probes = ["/startupProbe", "/readinessProbe", "/livenessProbe"];
        let paths = probes.map(|probe| text(spec, &format!("{probe}/httpGet/path")).to_owned());
        Self {
            page: format!(
                "{}\n\nnamespace  {}\ncontainer  {}\nport       {port}\nimage      {}\n\n\
                 This page is simulated by the demo cluster; no program runs behind it.\n",
                place.pod,
                place.namespace,
                place.container,
                text(spec, "/image"),
            ),
            probes: paths.into_iter().filter(|path| !path.is_empty()).collect(),
        }
    }

    fn answer(&self, request: &Request<Incoming>) -> Response<Body> {
        let path = request.uri().path();
        if !matches!(*request.method(), Method::GET | Method::HEAD) {
            return page(405, "only GET and HEAD are answered here\n");
        }
        if self.probes.iter().any(|probe| probe == path) {
            page(200, "ok\n")
        } else if path == "/" {
            page(200, self.page.clone())
        } else {
            page(404, format!("{path} is not here; / is\n"))
        }
    }
}

/// Answers on a connection until the client closes it.
pub async fn serve(service: Service, connection: DuplexStream) {
    let answering = service_fn(|request| {
        let answer = service.answer(&request);
        async { Ok::<_, Infallible>(answer) }
    });
    let served = http1::Builder::new()
        .half_close(true)
        .serve_connection(TokioIo::new(connection), answering)
        .await;
    if let Err(error) = served {
        tracing::debug!(%error, "demo: a forwarded port was not spoken to in HTTP");
    }
}
