//! A simulator of the Tencent Cloud API, for tests and demos that must not need an account.
//!
//! It implements the API's documentation of image caches (`tke`), identities (`sts`) and registry tokens (`tcr`), checks
//! signatures and parameters as strictly as the real gateway, and shares no code with the provider, so that errors in one are
//! not repeated in the other. Undocumented behavior has several variants, see [`Behavior`].
//!
//! The test controls time ([`Clock`]), faults ([`Fault`]) and the cloud's contents; nothing sleeps.
//!
//! ```
//! use tencentcloud_simulator::{Clock, Fault, Moment, Settings, Simulator, Status};
//!
//! let simulator = Simulator::start_with(Settings { clock: Clock::manual(), ..Settings::default() })?;
//! simulator.inject(Fault::Reset(Moment::AfterActing).on("CreateImageCache").nth(1));
//!
//! // Run terraform with TENCENTCLOUD_ENDPOINT_URL set to this, and the default key pair:
//! let endpoint = simulator.endpoint();
//! # assert!(endpoint.starts_with("http://127.0.0.1:"));
//!
//! // Builds end when the test ends them:
//! for cache in simulator.caches("ap-guangzhou") {
//!     assert_eq!(cache.status, Status::Pending);
//!     simulator.finish_build("ap-guangzhou", &cache.id);
//! }
//!
//! // Afterwards, check the calls and the caches:
//! assert_eq!(simulator.count("CreateImageCache"), simulator.caches("ap-guangzhou").len());
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! It pulls no image: a build takes the time of [`Settings::build_time`], or until the test ends it, and fails for an image that the test
//! made unpullable. It has the actions that the provider uses, and refuses others as unknown.

#![forbid(unsafe_code)]

mod action;
mod api;
pub mod behavior;
mod clock;
mod error;
mod fault;
mod faults;
mod image_cache;
mod limiter;
mod metadata;
mod parameters;
mod random;
mod recorder;
mod reply;
mod server;
mod sessions;
mod settings;
mod shared;
mod signature;
mod simulator;
mod state;
mod sts;
mod tcr;
mod tke;

pub use behavior::{Behavior, Variant};
pub use clock::Clock;
pub use fault::{Fault, Moment};
pub use faults::Rule;
pub use image_cache::{Event, ImageCache, ImageRegistryCredential, Status};
pub use recorder::{Outcome, Request};
pub use settings::{KeyPair, Settings};
pub use simulator::Simulator;
