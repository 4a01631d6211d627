//! The session of a `BuildKit` build: while it builds, the engine asks here for secrets and for the
//! credentials of registries.
//!
//! The client's own session knows no secrets, so this one takes its place: a connection that is
//! turned around, on which the engine calls and this side answers. It ends when it is dropped.

use super::engine::Engine;
use super::secrets::Secret;
use bollard::auth::DockerCredentials;
use bollard::health::health_check_response::ServingStatus;
use bollard::health::health_server::{Health, HealthServer};
use bollard::health::{
    HealthCheckRequest, HealthCheckResponse, HealthListRequest, HealthListResponse,
};
use bollard::moby::buildkit::secrets::v1::secrets_server::{Secrets, SecretsServer};
use bollard::moby::buildkit::secrets::v1::{GetSecretRequest, GetSecretResponse};
use bollard::moby::filesync::v1 as filesync;
use bollard::moby::filesync::v1::auth_server::{Auth, AuthServer};
use futures::stream::Empty;
use hyper::server::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::service::TowerToHyperService;
use reqwest::StatusCode;
use reqwest::header::{CONNECTION, UPGRADE};
use std::collections::HashMap;
use tokio::task::AbortHandle;
use tonic::service::Routes;
use tonic::{Request, Response, Status, async_trait};

/// What the engine may call, by the names under which it looks for them.
const METHODS: [&str; 2] = [
    "/moby.buildkit.secrets.v1.Secrets/GetSecret",
    "/moby.filesync.v1.Auth/Credentials",
];

/// The registry for which the engine asks when it means Docker's own.
const HUB: &str = "registry-1.docker.io";

/// A session that the engine knows.
#[derive(Debug)]
pub struct Session {
    /// Its name, for the build.
    pub id: String,
    serving: AbortHandle,
}

impl Drop for Session {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl Session {
    /// Opens a session in which the engine is given `secrets`, and `credentials` by registry.
    pub async fn open(
        engine: &Engine,
        secrets: Vec<Secret>,
        credentials: HashMap<String, DockerCredentials>,
    ) -> Result<Self, String> {
        let id = random();
        let (client, address) = engine.client()?;
        let mut request = client
            .post(format!("{address}/session"))
            .header(CONNECTION, "Upgrade")
            .header(UPGRADE, "h2c")
            .header("X-Docker-Expose-Session-Uuid", &id)
            .header("X-Docker-Expose-Session-Name", "quarterdeck");
        for method in METHODS {
            request = request.header("X-Docker-Expose-Session-Grpc-Method", method);
        }
        let answer = request.send().await.map_err(|error| error.to_string())?;
        if answer.status() != StatusCode::SWITCHING_PROTOCOLS {
            return Err(format!("it opens no session: {}", answer.status()));
        }
        let turned = answer.upgrade().await.map_err(|error| error.to_string())?;
        let answers = Routes::new(HealthServer::new(Alive))
            .add_service(SecretsServer::new(Given(secrets)))
            .add_service(AuthServer::new(Known(credentials)));
        let serving = http2::Builder::new(TokioExecutor::new())
            .serve_connection(TokioIo::new(turned), TowerToHyperService::new(answers));
        let serving = tokio::spawn(async move {
            // The engine ends it with the build.
            let _ = serving.await;
        });
        Ok(Self {
            id,
            serving: serving.abort_handle(),
        })
    }
}

/// A name that nobody guesses and no other machine gives to the same engine.
fn random() -> String {
    use std::fmt::Write as _;
    let mut bytes = [0; 16];
    let source = rustls::crypto::ring::default_provider().secure_random;
    // Without randomness the name is still one of this process.
    let _ = source.fill(&mut bytes);
    let mut id = format!("quarterdeck-{}-", std::process::id());
    for byte in bytes {
        let _ = write!(id, "{byte:02x}");
    }
    id
}

/// The secrets of a build.
struct Given(Vec<Secret>);

#[async_trait]
impl Secrets for Given {
    async fn get_secret(
        &self,
        request: Request<GetSecretRequest>,
    ) -> Result<Response<GetSecretResponse>, Status> {
        let id = &request.get_ref().id;
        let secret = self.0.iter().find(|it| it.id == *id);
        let secret = secret.ok_or_else(|| Status::not_found(format!("secret {id} not found")))?;
        Ok(Response::new(GetSecretResponse {
            data: secret.content.clone(),
        }))
    }
}

/// The credentials of registries.
struct Known(HashMap<String, DockerCredentials>);

/// The engine asks the registry for tokens itself when it is told that nobody here does.
fn not_here() -> Status {
    Status::unavailable("the engine asks for tokens itself")
}

#[async_trait]
impl Auth for Known {
    async fn credentials(
        &self,
        request: Request<filesync::CredentialsRequest>,
    ) -> Result<Response<filesync::CredentialsResponse>, Status> {
        let host = match request.get_ref().host.as_str() {
            HUB => "docker.io",
            host => host,
        };
        let known = self.0.get(host).cloned().unwrap_or_default();
        let (username, secret) = match known.identitytoken {
            Some(token) => (String::new(), token),
            None => (
                known.username.unwrap_or_default(),
                known.password.unwrap_or_default(),
            ),
        };
        Ok(Response::new(filesync::CredentialsResponse {
            username,
            secret,
        }))
    }

    async fn fetch_token(
        &self,
        _request: Request<filesync::FetchTokenRequest>,
    ) -> Result<Response<filesync::FetchTokenResponse>, Status> {
        Err(not_here())
    }

    async fn get_token_authority(
        &self,
        _request: Request<filesync::GetTokenAuthorityRequest>,
    ) -> Result<Response<filesync::GetTokenAuthorityResponse>, Status> {
        Err(not_here())
    }

    async fn verify_token_authority(
        &self,
        _request: Request<filesync::VerifyTokenAuthorityRequest>,
    ) -> Result<Response<filesync::VerifyTokenAuthorityResponse>, Status> {
        Err(not_here())
    }
}

/// The engine looks now and then whether somebody is still there.
struct Alive;

#[async_trait]
impl Health for Alive {
    type WatchStream = Empty<Result<HealthCheckResponse, Status>>;

    async fn check(
        &self,
        _request: Request<HealthCheckRequest>,
    ) -> Result<Response<HealthCheckResponse>, Status> {
        Ok(Response::new(HealthCheckResponse {
            status: ServingStatus::Serving.into(),
        }))
    }

    async fn list(
        &self,
        _request: Request<HealthListRequest>,
    ) -> Result<Response<HealthListResponse>, Status> {
        Err(Status::unimplemented("ask for one"))
    }

    async fn watch(
        &self,
        _request: Request<HealthCheckRequest>,
    ) -> Result<Response<Self::WatchStream>, Status> {
        Err(Status::unimplemented("ask again"))
    }
}
