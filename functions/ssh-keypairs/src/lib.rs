//! SSH key pairs for tunnels to warehouses.

mod pair;
mod ssh_keypairs;

use app::Api;
use utoipa_axum::routes;

pub use pair::Pair;

/// The routes of the area.
pub fn router() -> Api {
    Api::new().routes(routes!(ssh_keypairs::create_ssh_key_pair))
}
