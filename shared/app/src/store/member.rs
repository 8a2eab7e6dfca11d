//! Members of an organisation.
