/** weighbridge.yaml with every setting explained and none set. */
export const configurationYaml = `# Settings of this repository for weighbridge. Everything has a default; uncomment what you need.

# Where releases go, per access class. Public and private releases never share a store.
# stores:
#   public: file:./mirror
#   private: file:./mirror-private

# Origins that may be plain http or have a private address; exactly scheme, host and port.
# trustedOrigins: [ http://127.0.0.1:8081 ]

# More words that mark a source or a digest as not filled in yet.
# placeholders: [ OUR_BUCKET_HERE ]

# Tokens come from the environment. By default what they fetch goes into private releases only.
# tokens:
#   HF_TOKEN: { for: any }
#   GITHUB_TOKEN: { for: any }

# Artifacts that are transferred at the same time.
# concurrency: 4
`;
