//! SSH key pairs for tunnels to warehouses.

use app::Api;

/// The routes of the area.
pub fn router() -> Api {
    Api::new()
}
