/** How a repository gets the program while no registry has it. */
export function installCommand(version: string): string {
  return `npm install --save-exact PATH-TO/weighbridge-${version}.tgz`;
}

/** README.md of a user's repository. @param version of this program */
export const readmeMd = (version: string): string => `# Model mirror

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
Settings are in \`weighbridge.yaml\`; \`.github/workflows/weighbridge.yml\` plans on a pull request and stages on a merge.
Commit \`package-lock.json\` too: CI installs from it.
`;
