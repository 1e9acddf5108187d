/** The CI file: a pull request shows what would happen, a merge makes it happen. */
export const workflowYaml = `name: weighbridge
on:
  pull_request:
  push:
    branches: [ main ]
permissions:
  contents: read
# Two runs on one store would only wait for each other.
concurrency: weighbridge-\${{ github.ref }}

jobs:
  plan:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - uses: actions/setup-node@v4
        with: { node-version: 24 }
      - run: npm ci
      - run: npm run validate
      - run: npm run plan
        # Only needed for gated or private sources, and for higher rate limits:
        # env: { HF_TOKEN: "\${{ secrets.HF_TOKEN }}" }

  stage:
    if: github.event_name == 'push'
    needs: plan
    runs-on: ubuntu-latest # a runner of your own keeps its mirror; then set stores: in weighbridge.yaml to its disk
    steps:
      - uses: actions/checkout@v4
      - uses: actions/setup-node@v4
        with: { node-version: 24 }
      - run: npm ci
      - run: npm run stage
      - run: npm run verify
      # A hosted runner is thrown away afterwards, so the mirror is kept as an artifact of the run.
      - uses: actions/upload-artifact@v4
        with: { name: mirror, path: mirror/ }
`;
