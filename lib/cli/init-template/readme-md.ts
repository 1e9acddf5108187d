/** How a repository gets the program while no registry has it. */
export function installCommand(version: string): string {
  return `npm install --save-exact PATH-TO/weighbridge-${version}.tgz`;
}

/**
 * README.md of a user's repository.
 * @param version of this program
 * @param cloud with what deploys
 */
export const readmeMd = (version: string, cloud: boolean): string => `# Model mirror

Manifests of model weights, one file per collection and version, mirrored by
Weighbridge. Each names artifacts, where upstream they are, and what their
bytes must be; a mirror never shows anything that is not proven.

\`\`\`
${installCommand(version)}
npx weighbridge validate manifests/example/0.1.0.yaml   # is the manifest right? (no network)
npx weighbridge plan     manifests/example/0.1.0.yaml   # what would happen?
npx weighbridge stage    manifests/example/0.1.0.yaml   # fetch, prove, publish into ./mirror
npx weighbridge ls                                      # what is there?
npx weighbridge verify                                  # read it all again and prove it
npx weighbridge pull example --into ./weights           # bring it to where it is used
\`\`\`

The first line takes the file that \`npm pack\` makes in a checkout of Weighbridge: put it into this repository, so that
CI has it too. Once the package is in a registry, plain \`npm install\` does.

A manifest of your own:

\`\`\`
npx weighbridge new my-model@1.0.0 "hf://owner/repo@main"   # or a folder, or files
npx weighbridge lock manifests/my-model/1.0.0.yaml          # pins revisions, fills in sha256 and size
git add manifests && git commit -m "my-model 1.0.0"
\`\`\`

A published release never changes: other content is refused and takes a new version.
Settings are in \`weighbridge.yaml\`; ${cloud ? cloudCi : ci}
Commit \`package-lock.json\` too: CI installs from it.
${cloud ? deploying : privately}`;

const privately = `
## Private releases

\`access: private\` in a manifest sends a release to \`./mirror-private\`. On this machine the access API gives it out:

\`\`\`
export WEIGHBRIDGE_TOKEN=$(npx weighbridge token new laptop)   # its SHA-256 goes into manifests/access.yaml
# add a grant for laptop to manifests/access.yaml, then:
npx weighbridge serve --private-store file:./mirror-private
npx weighbridge pull MODEL --from http://127.0.0.1:8040/v1 --into ./weights
\`\`\`
`;

const ci = '`.github/workflows/weighbridge.yml` plans on a pull request and stages on a merge.';

const cloudCi = `\`.github/workflows/weighbridge.yml\` plans on a pull request and submits on
a merge, \`.gitlab-ci.yml\` does the same on GitLab. Keep the one that you need; its first lines say what to set.`;

const deploying = `
## The mirror in the cloud

What is deployed is in \`weighbridge.yaml\`: \`cloud\`, \`publishers\`, \`sources\`, \`replicas\`, \`environments\`.
\`app.js\` makes stacks of it, and needs no change. Write the account, the region and a publisher before the first
deploy: without them it can be looked at, and nobody may submit.

\`\`\`
npx cdk synth --quiet        # is everything right? (no account, no network)
npx cdk bootstrap            # once per account and region
npx cdk diff                 # what would change?
npx cdk deploy --all         # its outputs say what to do next
\`\`\`

Who may read private releases is said in \`manifests/access.yaml\`, and its first lines say how; nobody may as long as it
grants nothing. Name in \`CODEOWNERS\` who has to agree to a change of it.

One of the \`environments\`: add \`-c env=NAME\`. An upgrade is the version of \`weighbridge\` in \`package.json\`, then
\`npm install\`, \`npx cdk diff\` and \`npx cdk deploy --all\`.
`;
