/**
 * The functions of OpenSSL 3 that this project calls, each parameter beside its C declaration.
 *
 * Objects of OpenSSL are `pointer`s that nothing here looks into, which the scoped `--allow-ffi` permits. Where a C macro
 * is one of the `ctrl` functions with a number, the number is named where it is used. No function here takes a callback:
 * what would be one is always null.
 *
 * @module
 */

/** Of libcrypto: files of keys and certificates, their contents, and why something failed. */
export const CRYPTO_SYMBOLS = {
  OpenSSL_version_num: { parameters: [], result: "u32" /* unsigned long, of which 32 bits count */ },

  // --- errors: ERR_get_error(3) -----------------------------------------------------------------------------------
  ERR_get_error: { parameters: [], result: "u32" /* unsigned long, of which 32 bits count */ },
  ERR_clear_error: { parameters: [], result: "void" },
  ERR_error_string_n: {
    parameters: ["usize", /* unsigned long e */ "buffer", /* char *buf */ "usize" /* size_t len */],
    result: "void",
  },
  /** Copies a text of OpenSSL's own into memory of ours. */
  OPENSSL_strlcpy: {
    parameters: ["buffer", /* char *dst */ "pointer", /* const char *src */ "usize" /* size_t siz */],
    result: "usize",
  },

  // --- memory as a file: BIO_s_mem(3), BIO_ctrl(3) ----------------------------------------------------------------
  BIO_new: { parameters: ["pointer" /* const BIO_METHOD *type */], result: "pointer" },
  BIO_s_mem: { parameters: [], result: "pointer" },
  BIO_new_mem_buf: { parameters: ["buffer", /* const void *buf */ "i32" /* int len */], result: "pointer" },
  BIO_read: {
    parameters: ["pointer", /* BIO *b */ "buffer", /* void *data */ "i32" /* int dlen */],
    result: "i32",
  },
  BIO_free: { parameters: ["pointer" /* BIO *a */], result: "i32" },
  BIO_ctrl: {
    parameters: [
      "pointer", /* BIO *bp */
      "i32", /* int cmd */
      "i64", /* long larg */
      "pointer", /* void *parg */
    ],
    result: "i64",
  },

  // --- certificates and keys: PEM_read_bio_PrivateKey(3), X509_get_subject_name(3) ---------------------------------
  PEM_read_bio_X509: {
    parameters: [
      "pointer", /* BIO *bp */
      "pointer", /* X509 **x */
      "pointer", /* pem_password_cb *cb */
      "buffer", /* void *u */
    ],
    result: "pointer",
  },
  PEM_read_bio_PrivateKey: {
    parameters: [
      "pointer", /* BIO *bp */
      "pointer", /* EVP_PKEY **x */
      "pointer", /* pem_password_cb *cb */
      "buffer", /* void *u: the passphrase where there is no callback */
    ],
    result: "pointer",
  },
  X509_free: { parameters: ["pointer" /* X509 *a */], result: "void" },
  X509_get_subject_name: { parameters: ["pointer" /* const X509 *x */], result: "pointer" },
  X509_get_issuer_name: { parameters: ["pointer" /* const X509 *x */], result: "pointer" },
  X509_get0_serialNumber: { parameters: ["pointer" /* const X509 *x */], result: "pointer" },
  X509_get0_notBefore: { parameters: ["pointer" /* const X509 *x */], result: "pointer" },
  X509_get0_notAfter: { parameters: ["pointer" /* const X509 *x */], result: "pointer" },
  X509_self_signed: {
    parameters: ["pointer", /* X509 *cert */ "i32" /* int verify_signature */],
    result: "i32",
  },
  X509_check_private_key: {
    parameters: ["pointer", /* const X509 *x */ "pointer" /* const EVP_PKEY *k */],
    result: "i32",
  },
  X509_check_host: {
    parameters: [
      "pointer", /* X509 *x */
      "buffer", /* const char *name */
      "usize", /* size_t namelen */
      "u32", /* unsigned int flags */
      "pointer", /* char **peername */
    ],
    result: "i32",
  },
  X509_check_ip_asc: {
    parameters: [
      "pointer", /* X509 *x */
      "buffer", /* const char *address */
      "u32", /* unsigned int flags */
    ],
    result: "i32",
  },
  X509_digest: {
    parameters: [
      "pointer", /* const X509 *data */
      "pointer", /* const EVP_MD *type */
      "buffer", /* unsigned char *md */
      "buffer", /* unsigned int *len */
    ],
    result: "i32",
  },
  EVP_sha256: { parameters: [], result: "pointer" },
  X509_NAME_print_ex: {
    parameters: [
      "pointer", /* BIO *out */
      "pointer", /* const X509_NAME *nm */
      "i32", /* int indent */
      "u32", /* unsigned long flags */
    ],
    result: "i32",
  },
  i2a_ASN1_INTEGER: {
    parameters: ["pointer", /* BIO *bp */ "pointer" /* const ASN1_INTEGER *a */],
    result: "i32",
  },
  ASN1_TIME_to_tm: {
    parameters: ["pointer", /* const ASN1_TIME *s */ "buffer" /* struct tm *tm */],
    result: "i32",
  },
  X509_verify_cert_error_string: { parameters: ["i64" /* long n */], result: "pointer" },
  X509_STORE_add_cert: {
    parameters: ["pointer", /* X509_STORE *xs */ "pointer" /* X509 *x */],
    result: "i32",
  },
  EVP_PKEY_get_base_id: { parameters: ["pointer" /* const EVP_PKEY *pkey */], result: "i32" },
  EVP_PKEY_get_bits: { parameters: ["pointer" /* const EVP_PKEY *pkey */], result: "i32" },
  EVP_PKEY_free: { parameters: ["pointer" /* EVP_PKEY *key */], result: "void" },
} as const satisfies Deno.ForeignLibraryInterface;

/** Of libssl: contexts and connections. */
export const SSL_SYMBOLS = {
  // --- contexts: SSL_CTX_new(3), SSL_CTX_use_certificate(3) ---------------------------------------------------------
  TLS_server_method: { parameters: [], result: "pointer" },
  TLS_client_method: { parameters: [], result: "pointer" },
  SSL_CTX_new: { parameters: ["pointer" /* const SSL_METHOD *method */], result: "pointer" },
  SSL_CTX_free: { parameters: ["pointer" /* SSL_CTX *ctx */], result: "void" },
  SSL_CTX_ctrl: {
    parameters: [
      "pointer", /* SSL_CTX *ctx */
      "i32", /* int cmd */
      "i64", /* long larg */
      "pointer", /* void *parg */
    ],
    result: "i64",
  },
  /** The same with memory of ours as its last argument. */
  SSL_CTX_ctrl_bytes: {
    name: "SSL_CTX_ctrl",
    parameters: [
      "pointer", /* SSL_CTX *ctx */
      "i32", /* int cmd */
      "i64", /* long larg */
      "buffer", /* void *parg */
    ],
    result: "i64",
  },
  SSL_CTX_set_options: {
    parameters: ["pointer", /* SSL_CTX *ctx */ "u64" /* uint64_t op */],
    result: "u64",
  },
  SSL_CTX_set_cipher_list: {
    parameters: ["pointer", /* SSL_CTX *ctx */ "buffer" /* const char *str */],
    result: "i32",
  },
  SSL_CTX_set_ciphersuites: {
    parameters: ["pointer", /* SSL_CTX *ctx */ "buffer" /* const char *str */],
    result: "i32",
  },
  SSL_CTX_set_default_read_buffer_len: {
    parameters: ["pointer", /* SSL_CTX *ctx */ "usize" /* size_t len */],
    result: "void",
  },
  SSL_CTX_set_num_tickets: {
    parameters: ["pointer", /* SSL_CTX *ctx */ "usize" /* size_t num_tickets */],
    result: "i32",
  },
  SSL_CTX_set_session_id_context: {
    parameters: [
      "pointer", /* SSL_CTX *ctx */
      "buffer", /* const unsigned char *sid_ctx */
      "u32", /* unsigned int sid_ctx_len */
    ],
    result: "i32",
  },
  SSL_CTX_set_verify: {
    parameters: ["pointer", /* SSL_CTX *ctx */ "i32", /* int mode */ "pointer" /* SSL_verify_cb */],
    result: "void",
  },
  SSL_CTX_set_verify_depth: {
    parameters: ["pointer", /* SSL_CTX *ctx */ "i32" /* int depth */],
    result: "void",
  },
  SSL_CTX_set_default_verify_paths: { parameters: ["pointer" /* SSL_CTX *ctx */], result: "i32" },
  SSL_CTX_load_verify_file: {
    parameters: ["pointer", /* SSL_CTX *ctx */ "buffer" /* const char *CAfile */],
    result: "i32",
  },
  SSL_CTX_load_verify_dir: {
    parameters: ["pointer", /* SSL_CTX *ctx */ "buffer" /* const char *CApath */],
    result: "i32",
  },
  SSL_CTX_set_alpn_protos: {
    parameters: [
      "pointer", /* SSL_CTX *ctx */
      "buffer", /* const unsigned char *protos */
      "u32", /* unsigned int protos_len */
    ],
    result: "i32",
  },
  SSL_CTX_get_cert_store: { parameters: ["pointer" /* const SSL_CTX *ctx */], result: "pointer" },
  SSL_CTX_add_client_CA: {
    parameters: ["pointer", /* SSL_CTX *ctx */ "pointer" /* X509 *cacert */],
    result: "i32",
  },
  SSL_CTX_use_certificate: {
    parameters: ["pointer", /* SSL_CTX *ctx */ "pointer" /* X509 *x */],
    result: "i32",
  },
  SSL_CTX_use_PrivateKey: {
    parameters: ["pointer", /* SSL_CTX *ctx */ "pointer" /* EVP_PKEY *pkey */],
    result: "i32",
  },

  // --- connections: SSL_new(3), SSL_accept(3), SSL_read(3), SSL_write(3), SSL_shutdown(3) ----------------------------
  SSL_new: { parameters: ["pointer" /* SSL_CTX *ctx */], result: "pointer" },
  SSL_free: { parameters: ["pointer" /* SSL *ssl */], result: "void" },
  SSL_set_fd: { parameters: ["pointer", /* SSL *ssl */ "i32" /* int fd */], result: "i32" },
  SSL_connect: { parameters: ["pointer" /* SSL *ssl */], result: "i32" },
  /** SSL_ctrl(3) with memory of ours as its last argument. */
  SSL_ctrl_bytes: {
    name: "SSL_ctrl",
    parameters: [
      "pointer", /* SSL *ssl */
      "i32", /* int cmd */
      "i64", /* long larg */
      "buffer", /* void *parg */
    ],
    result: "i64",
  },
  SSL_set_session: {
    parameters: ["pointer", /* SSL *ssl */ "pointer" /* SSL_SESSION *session */],
    result: "i32",
  },
  SSL_get1_session: { parameters: ["pointer" /* SSL *ssl */], result: "pointer" },
  SSL_SESSION_is_resumable: { parameters: ["pointer" /* const SSL_SESSION *s */], result: "i32" },
  SSL_SESSION_free: { parameters: ["pointer" /* SSL_SESSION *session */], result: "void" },
  SSL_accept: { parameters: ["pointer" /* SSL *ssl */], result: "i32" },
  SSL_get_error: { parameters: ["pointer", /* const SSL *ssl */ "i32" /* int ret */], result: "i32" },
  SSL_read: {
    parameters: ["pointer", /* SSL *ssl */ "buffer", /* void *buf */ "i32" /* int num */],
    result: "i32",
  },
  SSL_peek: {
    parameters: ["pointer", /* SSL *ssl */ "buffer", /* void *buf */ "i32" /* int num */],
    result: "i32",
  },
  SSL_write: {
    parameters: ["pointer", /* SSL *ssl */ "buffer", /* const void *buf */ "i32" /* int num */],
    result: "i32",
  },
  SSL_shutdown: { parameters: ["pointer" /* SSL *ssl */], result: "i32" },
  SSL_set_shutdown: { parameters: ["pointer", /* SSL *ssl */ "i32" /* int mode */], result: "void" },
  SSL_has_pending: { parameters: ["pointer" /* const SSL *ssl */], result: "i32" },
  SSL_set_read_ahead: { parameters: ["pointer", /* SSL *ssl */ "i32" /* int yes */], result: "void" },
  SSL_get_rbio: { parameters: ["pointer" /* SSL *ssl */], result: "pointer" },
  SSL_get_wbio: { parameters: ["pointer" /* SSL *ssl */], result: "pointer" },
  SSL_version: { parameters: ["pointer" /* const SSL *ssl */], result: "i32" },
  SSL_get_current_cipher: { parameters: ["pointer" /* const SSL *ssl */], result: "pointer" },
  SSL_CIPHER_get_name: { parameters: ["pointer" /* const SSL_CIPHER *cipher */], result: "pointer" },
  SSL_CIPHER_get_protocol_id: { parameters: ["pointer" /* const SSL_CIPHER *cipher */], result: "u16" },
  SSL_session_reused: { parameters: ["pointer" /* const SSL *ssl */], result: "i32" },
  SSL_get1_peer_certificate: { parameters: ["pointer" /* const SSL *ssl */], result: "pointer" },
  SSL_get_verify_result: { parameters: ["pointer" /* const SSL *ssl */], result: "i64" },
} as const satisfies Deno.ForeignLibraryInterface;
