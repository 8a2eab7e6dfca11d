//! Short links to long addresses of the web app.
