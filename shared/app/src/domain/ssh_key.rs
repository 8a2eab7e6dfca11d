//! SSH key pairs for tunnels to warehouses.
