/** What is copied, and what a run may cost: the same for every repository. */
export const runSectionsYaml = `# Which collections are copied to Google Cloud Storage: egress is paid by the GB, so none is that is not named.
# replicas:
#   - { collections: [ "falcon-*" ], to: [ gcs ] }

# Most that one run may fetch, in bytes, and cost, in USD; more is refused before the first byte.
# maxRunBytes: 500000000000
# maxRunCost: 25
`;
