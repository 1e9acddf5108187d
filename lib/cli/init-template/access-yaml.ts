/** Where the access policy lies. */
export const accessFile = 'manifests/access.yaml';

/** A first access policy, which grants nothing. */
export const accessYaml = `# yaml-language-server: $schema=../node_modules/weighbridge/schema/access.schema.json
#
# Who may read which private releases: nobody, but for what a grant below says. Whoever merges a change of this file
# grants access, so CODEOWNERS should name who has to agree. What is merged is submitted, and holds within 30 seconds of
# its run; URLs that were signed before then run out by themselves.
#
# To take everything away, empty the grants. Deleting this file submits nothing, and what held before goes on.
#
# npx weighbridge validate manifests/access.yaml
# npx weighbridge access explain --as PRINCIPAL RELEASE
weighbridgeAccess: 1 # format version

# Identity providers whose tokens are taken.
# issuers:
#   github: { issuer: https://token.actions.githubusercontent.com, audience: "https://weights.example.org" } # origin of the API

# Who may be granted something, by name.
# principals:
#   research: { aws: [ "111122223333", "arn:aws:iam::444455556666:role/training-*" ] }
#   ci: { oidc: { issuer: github, claims: { repository: acme/inference, ref: refs/heads/main } } }
#   build-farm: { tokens: [] } # npx weighbridge token new build-farm

# What may be read, by whom. In a pattern * is anything but "/" and ":", ** anything at all.
# grants:
#   research: { to: [ research ], collections: [ "*" ] }
#   released:
#     to: [ ci, build-farm ]
#     collections: [ falcon ]
#     versions: ">=1.2 <3"
#     files: [ "*.safetensors", config.json ]
#     maximumLifetime: 15m
`;

/** Where GitHub and GitLab both look; GitHub for one in its own folder first. */
export const ownersFile = 'CODEOWNERS';
export const otherOwnersFiles = ['.github/CODEOWNERS', '.gitlab/CODEOWNERS', 'docs/CODEOWNERS'];

export const ownersLine = `/${accessFile} @OWNER/TEAM`;

/** CODEOWNERS of a repository that deploys: what grants access, and what could be changed to grant it. */
export const codeowners = `# Who has to agree before a change of these files is merged. Replace @OWNER/TEAM: a line whose owner does not exist
# protects nothing. And let the branch demand it: on GitHub "Require review from Code Owners", on GitLab "Require
# approval from code owners" of the protected branch.
${ownersLine}
/weighbridge.yaml @OWNER/TEAM
/.github/ @OWNER/TEAM
/.gitlab-ci.yml @OWNER/TEAM
/CODEOWNERS @OWNER/TEAM
`;
