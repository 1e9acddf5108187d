/** weighbridge.yaml with every setting explained and none set. */
export const configurationYaml = `# yaml-language-server: $schema=node_modules/weighbridge/schema/weighbridge.schema.json
# Settings of this repository for weighbridge. Everything has a default; uncomment what you need.

# Where releases go, per access class. Public and private releases never share a store.
# A store is file:DIR, s3://bucket[/prefix] or gs://bucket[/prefix]; replicas get what is proven in the primary.
# stores:
#   public: { primary: file:./mirror, replicas: [ s3://acme-models, gs://acme-models ] }
#   private: file:./mirror-private

# Where checkpoints, leases and reports are kept, a folder or a bucket. In a bucket another machine can go on.
# state: .weighbridge

# How each bucket is reached, and how new objects in it are stored.
# buckets:
#   s3://acme-models: { region: eu-central-1, storageClass: INTELLIGENT_TIERING }
#   gs://acme-models: { storageClass: NEARLINE }

# Origins that may be plain http or have a private address; exactly scheme, host and port.
# trustedOrigins: [ http://127.0.0.1:8081 ]

# More words that mark a source or a digest as not filled in yet.
# placeholders: [ OUR_BUCKET_HERE ]

# Tokens come from the environment. By default what they fetch goes into private releases only.
# AWS and GOOGLE are the credentials that s3: and gs: sources are read with.
# tokens:
#   HF_TOKEN: { for: any }
#   GITHUB_TOKEN: { for: any }
#   AWS: { for: any }
#   GOOGLE: { for: any }

# A header for exactly one other host. Its value is in a variable of the environment, never here.
# credentials:
#   https://models.example.org: { env: MODELS_TOKEN, scheme: Bearer }

# Artifacts that are transferred at the same time.
# concurrency: 4
`;
