/** @param checkout more settings of the checkout */
const steps = (checkout = '') => `      - uses: actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1
        with: { persist-credentials: false${checkout} }
      - uses: actions/setup-node@820762786026740c76f36085b0efc47a31fe5020 # v7.0.0
        with: { node-version: 24 }
      - run: npm ci
`;

const role = (name: 'PLAN' | 'SUBMIT') =>
  `      - uses: aws-actions/configure-aws-credentials@e6de054238d6b7531b4efff3b6587d9aade6a06c # v6.2.3
        with:
          role-to-assume: \${{ vars.WEIGHBRIDGE_${name}_ROLE }}
          aws-region: \${{ vars.WEIGHBRIDGE_REGION }}
`;

/**
 * The CI file of a repository whose pipeline is in the cloud. Names of others (branches, titles, files) reach scripts as
 * variables and lists ending in NUL, never as part of a script.
 */
export const cloudWorkflowYaml = `name: weighbridge
# A pull request is checked, and one comment says what it would do. A merge is submitted to the pipeline in the cloud.
#
# After the first "npx cdk deploy" set these variables of the repository (Settings, Secrets and variables, Actions,
# Variables) to what it printed; until then only the manifests are checked:
#   WEIGHBRIDGE_REGION        where it is deployed
#   WEIGHBRIDGE_PLAN_ROLE     PlanRole...
#   WEIGHBRIDGE_SUBMIT_ROLE   SubmitRole...
#   WEIGHBRIDGE_POLICY        true, once the publisher in weighbridge.yaml has policy: true: then manifests/access.yaml
#                             is submitted too
on:
  pull_request:
  push:
    branches: [ main ] # the branch of publishers: in weighbridge.yaml
permissions: {}
# A newer push to a pull request ends the check of the older one. Merges have a group each: GitHub would leave out all
# but the latest of those that wait, and with it what they were to submit.
concurrency:
  group: weighbridge-\${{ github.event_name == 'pull_request' && github.ref || github.run_id }}
  cancel-in-progress: true

jobs:
  # Also for forks: it needs no credentials and gets none.
  validate:
    runs-on: ubuntu-latest
    permissions:
      contents: read
    steps:
${steps()}      - run: git ls-files -z -- manifests/access.yaml 'manifests/*/*.yaml' | xargs -0 -r npx weighbridge validate

  plan:
    needs: validate
    if: >-
      github.event_name == 'pull_request' && vars.WEIGHBRIDGE_PLAN_ROLE != ''
      && github.event.pull_request.head.repo.full_name == github.repository
    runs-on: ubuntu-latest
    permissions:
      contents: read
      id-token: write # for the role
    outputs:
      comment: \${{ steps.plan.outputs.comment }}
    steps:
${steps(', fetch-depth: 2')}${role('PLAN')}      - id: plan
        env:
          # What everybody can read has no names of private releases.
          HIDE: \${{ !github.event.repository.private && '--hide-private' || '' }}
        run: |
          git diff --name-only -z --diff-filter=d HEAD^1 HEAD -- manifests/access.yaml 'manifests/*/*.yaml' > "$RUNNER_TEMP/changed"
          if [ ! -s "$RUNNER_TEMP/changed" ]; then exit 0; fi
          code=0
          xargs -0 npx weighbridge plan --cloud --markdown $HIDE --progress none < "$RUNNER_TEMP/changed" > "$RUNNER_TEMP/plan.md" || code=$?
          cat "$RUNNER_TEMP/plan.md" >> "$GITHUB_STEP_SUMMARY"
          end=$(openssl rand -hex 16)
          { echo "comment<<$end"; cat "$RUNNER_TEMP/plan.md"; echo "$end"; } >> "$GITHUB_OUTPUT"
          exit "$code"

  # Apart from plan, which runs what the pull request brings: only this job may write, and it runs nothing of it.
  comment:
    needs: plan
    if: \${{ !cancelled() && needs.plan.outputs.comment != '' }}
    runs-on: ubuntu-latest
    permissions:
      pull-requests: write
    steps:
      - env:
          GH_TOKEN: \${{ github.token }}
          BODY: \${{ needs.plan.outputs.comment }}
          REPOSITORY: \${{ github.repository }}
          NUMBER: \${{ github.event.pull_request.number }}
        run: |
          id=$(gh api --paginate "repos/$REPOSITORY/issues/$NUMBER/comments" --jq \\
            '.[] | select(.user.login == "github-actions[bot]" and (.body | startswith("<!-- weighbridge plan -->"))) | .id' | head -n 1)
          if [ -n "$id" ]; then
            gh api --silent --method PATCH "repos/$REPOSITORY/issues/comments/$id" --raw-field "body=$BODY"
          else
            gh api --silent --method POST "repos/$REPOSITORY/issues/$NUMBER/comments" --raw-field "body=$BODY"
          fi

  submit:
    needs: validate
    if: github.event_name == 'push' && vars.WEIGHBRIDGE_SUBMIT_ROLE != ''
    # environment: release # if publishers: in weighbridge.yaml names one: then its reviewers release
    runs-on: ubuntu-latest
    timeout-minutes: 240 # of the job: a run in the cloud goes on
    permissions:
      contents: read
      id-token: write # for the role
    steps:
${steps(', fetch-depth: 0')}${role('SUBMIT')}          role-duration-seconds: 14400
      - env:
          BEFORE: \${{ github.event.before }}
          HIDE: \${{ !github.event.repository.private && '--hide-private' || '' }}
        run: |
          # A first push, or one that was forced, has nothing before it that is known: then every manifest is submitted.
          git rev-parse --quiet --verify "$BEFORE^{commit}" > "$RUNNER_TEMP/before" || git hash-object -t tree /dev/null > "$RUNNER_TEMP/before"
          git diff --name-only -z --diff-filter=d "$(cat "$RUNNER_TEMP/before")" HEAD -- 'manifests/*/*.yaml' > "$RUNNER_TEMP/changed"
          if [ ! -s "$RUNNER_TEMP/changed" ]; then echo 'No manifest changed.' >> "$GITHUB_STEP_SUMMARY"; exit 0; fi
          xargs -0 npx weighbridge submit --wait --timeout 225m --summary "$GITHUB_STEP_SUMMARY" $HIDE --progress plain < "$RUNNER_TEMP/changed"

  # The policy of the branch as it is now, not of the commit that was pushed: of two jobs, or of one that is run again
  # later, the last one must not bring back what a newer commit took away. One at a time, and each time, since GitHub
  # leaves out all but the latest of those that wait; what holds already is not changed.
  policy:
    needs: validate
    if: github.event_name == 'push' && vars.WEIGHBRIDGE_SUBMIT_ROLE != '' && vars.WEIGHBRIDGE_POLICY == 'true'
    # environment: release # as above
    runs-on: ubuntu-latest
    timeout-minutes: 30
    concurrency: { group: weighbridge-policy, cancel-in-progress: false }
    permissions:
      contents: read
      id-token: write # for the role
    steps:
${steps(`, ref: '\${{ github.ref }}'`)}${role('SUBMIT')}      - env:
          HIDE: \${{ !github.event.repository.private && '--hide-private' || '' }}
        run: |
          if [ ! -e manifests/access.yaml ]; then exit 0; fi
          npx weighbridge submit manifests/access.yaml --wait --timeout 20m --summary "$GITHUB_STEP_SUMMARY" $HIDE --progress plain
`;
