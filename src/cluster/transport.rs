//! From a chosen context to an HTTP client: TLS, proxy, credentials, and the read-only guard.
//!
//! kube makes TLS and the authorisation header; the connector is ours, because kube's leaves
//! Nagle's algorithm on and keepalive off, and because nothing of a request may reach a log.

use super::connect::ReadOnly;
use super::error::{Fault, from_chain};
use super::exec_plugin;
use super::kubeconfig::{Chosen, Environment};
use super::timing::Timing;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderName, HeaderValue, Method, Request, Response, Uri};
use hyper_util::client::legacy::Client as HyperClient;
use hyper_util::client::legacy::connect::proxy::{SocksV5, Tunnel};
use hyper_util::client::legacy::connect::{Connection, HttpConnector};
use hyper_util::rt::TokioExecutor;
use kube::client::{Body, ClientBuilder, ConfigExt};
use kube::config::{AuthInfo, Cluster};
use kube::{Client, Config};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, SystemTime};
use tower::{BoxError, Layer, Service};

/// What every request calls itself.
const USER_AGENT: &str = concat!("quarterdeck/", env!("CARGO_PKG_VERSION"));

/// A client and the time its credentials end.
pub(super) struct Built {
    pub(super) client: Client,
    pub(super) expires: Option<SystemTime>,
}

/// Makes a client for a context: runs the credential plugin when there is one, reads the
/// certificates. Does not talk to the server.
pub(super) async fn build(
    chosen: &Chosen,
    readonly: &ReadOnly,
    environment: &Environment,
    timing: &Timing,
) -> Result<Built, Fault> {
    let mut user = chosen.user.clone();
    let mut expires = None;
    if let Some(exec) = user.exec.clone() {
        let credential = exec_plugin::run(&exec, &chosen.cluster, timing.plugin).await?;
        expires = credential.expires;
        credential.apply(&mut user);
    }
    let config = config(&chosen.cluster, user, environment)?;
    let client = client(&config, readonly, timing)?;
    Ok(Built { client, expires })
}

/// A client for the service account of the pod we run in.
pub(super) fn build_in_cluster(readonly: &ReadOnly, timing: &Timing) -> Result<Built, Fault> {
    let mut config = Config::incluster_env().map_err(|error| Fault::Credentials {
        why: format!("the pod's service account cannot be used: {error}"),
        remedy: "mount a service account token, or give --kubeconfig FILE".into(),
    })?;
    config.headers = vec![user_agent()];
    let client = client(&config, readonly, timing)?;
    Ok(Built {
        client,
        expires: None,
    })
}

fn user_agent() -> (HeaderName, HeaderValue) {
    (
        http::header::USER_AGENT,
        HeaderValue::from_static(USER_AGENT),
    )
}

fn misconfigured(why: String) -> Fault {
    Fault::Credentials {
        why,
        remedy: "correct the entry in the kubeconfig, or choose another context".into(),
    }
}

fn config(cluster: &Cluster, user: AuthInfo, environment: &Environment) -> Result<Config, Fault> {
    let server = cluster.server.as_deref().unwrap_or_default();
    let url: Uri = server
        .parse()
        .ok()
        .filter(|url: &Uri| url.host().is_some() && url.scheme().is_some())
        .ok_or_else(|| misconfigured(format!("the cluster's server is not a URL: {server:?}")))?;
    let mut config = Config::new(url.clone());
    config.root_cert = authority(cluster)?;
    config.accept_invalid_certs = cluster.insecure_skip_tls_verify.unwrap_or(false);
    config.tls_server_name.clone_from(&cluster.tls_server_name);
    config.proxy_url = proxy(cluster, &url, environment)?;
    config.auth_info = user;
    config.headers = vec![user_agent()];
    config.default_retry = false;
    Ok(config)
}

/// The cluster's certificate authority, as DER.
fn authority(cluster: &Cluster) -> Result<Option<Vec<Vec<u8>>>, Fault> {
    let pem = if let Some(data) = &cluster.certificate_authority_data {
        STANDARD
            .decode(data)
            .map_err(|_| misconfigured("certificate-authority-data is not base64".into()))?
    } else if let Some(path) = &cluster.certificate_authority {
        std::fs::read(path)
            .map_err(|error| misconfigured(format!("certificate-authority {path}: {error}")))?
    } else {
        return Ok(None);
    };
    let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem)
        .map(|der| der.map(|der| der.as_ref().to_vec()))
        .collect();
    match certificates {
        Ok(found) if !found.is_empty() => Ok(Some(found)),
        _ => Err(misconfigured(
            "the cluster's certificate authority holds no PEM certificate".into(),
        )),
    }
}

/// The kubeconfig's proxy, else the environment's; the latter never for loopback addresses and
/// hosts of `NO_PROXY`, as kubectl does it.
fn proxy(cluster: &Cluster, server: &Uri, environment: &Environment) -> Result<Option<Uri>, Fault> {
    let named = cluster.proxy_url.clone().filter(|url| !url.is_empty());
    let from_environment = || {
        let host = server.host().unwrap_or_default();
        if loopback(host) || excluded(host, environment.no_proxy.as_deref()) {
            return None;
        }
        match server.scheme_str() {
            Some("https") => environment.https_proxy.clone(),
            _ => environment.http_proxy.clone(),
        }
    };
    let Some(url) = named.or_else(from_environment) else {
        return Ok(None);
    };
    let with_scheme = if url.contains("://") {
        url
    } else {
        format!("http://{url}")
    };
    with_scheme
        .parse()
        .map(Some)
        .map_err(|_| misconfigured("the proxy's address is not a URL".into()))
}

/// Whether `host` is this machine.
pub(super) fn loopback(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    bare == "localhost"
        || bare
            .parse::<std::net::IpAddr>()
            .is_ok_and(|ip| ip.is_loopback())
}

/// Whether `NO_PROXY` names `host`: exactly, as a domain suffix, as a network, or by `*`.
fn excluded(host: &str, no_proxy: Option<&str>) -> bool {
    no_proxy.unwrap_or_default().split(',').any(|entry| {
        let entry = entry.trim();
        let domain = entry.trim_start_matches("*.").trim_start_matches('.');
        match entry {
            "" => false,
            "*" => true,
            _ => {
                host == domain
                    || host
                        .strip_suffix(domain)
                        .is_some_and(|rest| rest.ends_with('.'))
                    || in_network(host, entry)
            }
        }
    })
}

/// Whether the address `host` lies in the IPv4 network `entry` (`10.0.0.0/8`).
fn in_network(host: &str, entry: &str) -> bool {
    let Some((net, bits)) = entry.split_once('/') else {
        return false;
    };
    let (Ok(host), Ok(net), Ok(bits)) = (
        host.parse::<std::net::Ipv4Addr>(),
        net.parse::<std::net::Ipv4Addr>(),
        bits.parse::<u32>(),
    ) else {
        return false;
    };
    let mask = u32::MAX.checked_shl(32 - bits.min(32)).unwrap_or(0);
    u32::from(host) & mask == u32::from(net) & mask
}

fn client(config: &Config, readonly: &ReadOnly, timing: &Timing) -> Result<Client, Fault> {
    let tcp = tcp_connector(timing);
    let Some(proxy) = config.proxy_url.clone() else {
        return finish(tcp, config, readonly);
    };
    match proxy.scheme_str() {
        Some("socks5" | "socks5h") => finish(SocksV5::new(proxy, tcp), config, readonly),
        Some("http") => finish(tunnel(proxy, tcp), config, readonly),
        Some("https") => {
            let outer = config
                .rustls_https_connector_with_connector(tcp)
                .map_err(|error| setup(&error))?;
            finish(tunnel(proxy, outer), config, readonly)
        }
        other => Err(misconfigured(format!(
            "proxies of the kind {} are not supported (http, https, socks5 are)",
            other.unwrap_or("without scheme")
        ))),
    }
}

/// Small writes at once, and a dead peer found within 30 s even on a quiet connection.
fn tcp_connector(timing: &Timing) -> HttpConnector {
    let mut tcp = HttpConnector::new();
    tcp.enforce_http(false);
    tcp.set_nodelay(true);
    tcp.set_keepalive(Some(Duration::from_secs(15)));
    tcp.set_keepalive_interval(Some(Duration::from_secs(5)));
    tcp.set_keepalive_retries(Some(3));
    tcp.set_connect_timeout(Some(timing.connect));
    tcp
}

fn tunnel<C>(proxy: Uri, connector: C) -> Tunnel<C> {
    let login = proxy
        .authority()
        .and_then(|authority| authority.as_str().split_once('@'))
        .and_then(|(login, _)| {
            HeaderValue::from_str(&format!("Basic {}", STANDARD.encode(percent_decode(login)))).ok()
        });
    let tunnel = Tunnel::new(proxy, connector);
    match login {
        Some(header) => tunnel.with_auth(header),
        None => tunnel,
    }
}

/// `%40` as `@`; an incomplete escape stays as it is.
fn percent_decode(text: &str) -> Vec<u8> {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let hex = |i: usize| char::from(*bytes.get(i)?).to_digit(16);
        match (bytes[at], hex(at + 1), hex(at + 2)) {
            (b'%', Some(high), Some(low)) => {
                out.push(u8::try_from(high * 16 + low).unwrap_or(b'?'));
                at += 3;
            }
            (byte, ..) => {
                out.push(byte);
                at += 1;
            }
        }
    }
    out
}

fn setup(error: &kube::Error) -> Fault {
    match from_chain(error) {
        Fault::Connect(why) | Fault::Cut(why) => misconfigured(why),
        fault => fault,
    }
}

fn finish<H>(connector: H, config: &Config, readonly: &ReadOnly) -> Result<Client, Fault>
where
    H: 'static + Clone + Send + Sync + Service<Uri>,
    H::Response: 'static + Connection + hyper::rt::Read + hyper::rt::Write + Send + Unpin,
    H::Future: 'static + Send,
    H::Error: 'static + Send + Sync + std::error::Error,
{
    let tls = config
        .rustls_https_connector_with_connector(connector)
        .map_err(|error| setup(&error))?;
    let http: HyperClient<_, Body> = HyperClient::builder(TokioExecutor::new())
        .pool_idle_timeout(Duration::from_mins(1))
        .build(tls);
    let auth = config.auth_layer().map_err(|error| setup(&error))?;
    let headers = config
        .extra_headers_layer()
        .map_err(|error| setup(&error))?;
    let service = tower::ServiceBuilder::new()
        .layer(GuardLayer {
            readonly: readonly.clone(),
        })
        .layer(config.base_uri_layer())
        .option_layer(auth)
        .layer(headers)
        .map_err(BoxError::from)
        .service(http);
    Ok(ClientBuilder::new(service, config.default_namespace.clone()).build())
}

/// Puts [`Guard`] around a service.
#[derive(Clone)]
struct GuardLayer {
    readonly: ReadOnly,
}

impl<S> Layer<S> for GuardLayer {
    type Service = Guard<S>;

    fn layer(&self, inner: S) -> Guard<S> {
        Guard {
            inner,
            readonly: self.readonly.clone(),
        }
    }
}

/// Refuses, in a read-only session, everything that could change something: it stands below every
/// caller, so that none of them can forget it.
#[derive(Clone)]
struct Guard<S> {
    inner: S,
    readonly: ReadOnly,
}

type Pending<R> = Pin<Box<dyn Future<Output = Result<R, BoxError>> + Send>>;

impl<S, B> Service<Request<Body>> for Guard<S>
where
    S: Service<Request<Body>, Response = Response<B>>,
    S::Future: Send + 'static,
    S::Error: Into<BoxError>,
    B: 'static,
{
    type Response = Response<B>;
    type Error = BoxError;
    type Future = Pending<Response<B>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.inner.poll_ready(cx).map_err(Into::into)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        if self.readonly.is_on() && !harmless(&request) {
            return Box::pin(async { Err(Fault::ReadOnly.into()) });
        }
        let pending = self.inner.call(request);
        Box::pin(async { pending.await.map_err(Into::into) })
    }
}

/// Reads, and the reviews that ask the server about our own rights; no upgrade, whatever the verb.
fn harmless<B>(request: &Request<B>) -> bool {
    if request.headers().contains_key(http::header::UPGRADE) {
        return false;
    }
    let path = request.uri().path();
    match *request.method() {
        Method::GET | Method::HEAD => !connects(path),
        Method::POST => {
            let last = path.rsplit('/').next().unwrap_or_default();
            path.starts_with("/apis/auth")
                && matches!(
                    last,
                    "selfsubjectaccessreviews" | "selfsubjectrulesreviews" | "selfsubjectreviews"
                )
        }
        _ => false,
    }
}

/// Whether the path leads into an object (`pods/NAME/exec`) rather than to a description of it.
fn connects(path: &str) -> bool {
    let mut parts = path.trim_matches('/').split('/');
    match parts.next() {
        Some("api") => parts.next(),
        Some("apis") => parts.nth(1),
        _ => return false,
    };
    let rest: Vec<&str> = parts.collect();
    let subresource = match rest.as_slice() {
        ["namespaces", _, _, _, sub, ..] => sub,
        [kind, _, sub, ..] if *kind != "namespaces" => sub,
        _ => return false,
    };
    matches!(*subresource, "exec" | "attach" | "portforward" | "proxy")
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may fail loudly")]
mod tests {
    use super::*;

    fn request(method: &str, path: &str, upgrade: bool) -> Request<()> {
        let mut request = Request::builder().method(method).uri(path);
        if upgrade {
            request = request.header("Upgrade", "websocket");
        }
        request.body(()).unwrap()
    }

    #[test]
    fn a_read_only_session_only_reads() {
        let review = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";
        let pod = "/api/v1/namespaces/shop/pods/web-1";
        assert!(harmless(&request("GET", pod, false)));
        assert!(harmless(&request("HEAD", pod, false)));
        assert!(harmless(&request("POST", review, false)));
        assert!(harmless(&request(
            "GET",
            "/api/v1/namespaces/shop/pods/proxy/log",
            false
        )));
        let exec = "/api/v1/namespaces/shop/pods/exec";
        assert!(harmless(&request("GET", exec, false)));
        assert!(!harmless(&request(
            "GET",
            "/api/v1/nodes/n1/proxy/run",
            false
        )));
        for method in ["POST", "PUT", "PATCH", "DELETE"] {
            assert!(!harmless(&request(method, pod, false)), "{method}");
        }
        assert!(!harmless(&request("GET", &format!("{pod}/exec"), true)));
        assert!(!harmless(&request("GET", &format!("{pod}/exec"), false)));
        assert!(!harmless(&request("GET", pod, true)));
        assert!(!harmless(&request("PATCH", review, false)));
        assert!(!harmless(&request(
            "POST",
            "/api/v1/namespaces/x/selfsubjectreviews",
            false
        )));
    }

    #[test]
    fn the_environments_proxy_is_used_as_kubectl_does() {
        let environment = Environment {
            https_proxy: Some("proxy.corp:3128".into()),
            no_proxy: Some(".svc,10.0.0.0/8,exact.corp".into()),
            ..Environment::default()
        };
        let none = Cluster::default();
        let of = |server: &str| proxy(&none, &server.parse().unwrap(), &environment).unwrap();
        assert_eq!(
            of("https://k8s.corp:6443").unwrap(),
            "http://proxy.corp:3128"
        );
        for direct in [
            "https://127.0.0.1:1",
            "https://localhost:1",
            "https://api.svc:1",
            "https://10.9.8.7:1",
            "https://exact.corp",
            "http://k8s.corp",
        ] {
            assert_eq!(of(direct), None, "{direct}");
        }
        let named = Cluster {
            proxy_url: Some("socks5://p:1080".into()),
            ..Cluster::default()
        };
        let direct = "https://127.0.0.1:1".parse().unwrap();
        let found = proxy(&named, &direct, &environment).unwrap();
        assert_eq!(found.unwrap(), "socks5://p:1080");
    }

    #[test]
    fn escapes_of_a_proxy_login_are_undone() {
        assert_eq!(percent_decode("u:pa%40s%3As%"), b"u:pa@s:s%");
    }

    #[test]
    fn a_bad_server_or_authority_is_named() {
        let environment = Environment::default();
        let bad = Cluster {
            server: Some("not a url".into()),
            ..Cluster::default()
        };
        let fault = config(&bad, AuthInfo::default(), &environment).unwrap_err();
        assert!(fault.to_string().contains("not a URL"), "{fault}");
        let bad = Cluster {
            server: Some("https://k".into()),
            certificate_authority_data: Some("%%%".into()),
            ..Cluster::default()
        };
        let fault = config(&bad, AuthInfo::default(), &environment).unwrap_err();
        assert!(fault.to_string().contains("not base64"), "{fault}");
    }
}
