/**
 * The beginning of an access policy that nobody has written yet.
 * @param schema where an editor finds its schema
 */
export function newPolicyText(schema: string | undefined): string {
  const reference = schema === undefined ? '' : `# yaml-language-server: $schema=${schema}\n`;
  return `${reference}${head}weighbridgeAccess: 1\n`;
}

const head = `# Who may read which private releases. Nobody may anything, but for what a grant says; whoever merges a change here
# grants access, so have it reviewed by those who may (CODEOWNERS). \`weighbridge validate\` checks it, and
# \`weighbridge access explain --as NAME RELEASE\` says which grant decides.
#
# principals: who there is. Mirror tokens (\`weighbridge token new NAME\`), accounts and roles of AWS, or whoever
# shows a token of an identity provider, which \`issuers\` describes:
#
#   issuers:
#     github:
#       issuer: https://token.actions.githubusercontent.com
#       audience: https://models.example.org
#   principals:
#     ci:
#       oidc:
#         issuer: github
#         claims: { repository: my-org/my-repo, ref: refs/heads/main }
#     trainers:
#       aws: ["arn:aws:iam::111122223333:role/training-*"]
#
# grants: what they may read. Collections, tags and files by name or pattern: * stops at "/" and ":", ** does not.
#
#   grants:
#     models-for-ci:
#       to: [ci]
#       collections: [my-model]
#       versions: ">=1.0.0 <2"
#       maximumLifetime: 15m

`;
