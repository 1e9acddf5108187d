/** Installs, and takes a role. */
const prepared = (role: 'PLAN' | 'SUBMIT') => `    - npm ci
    - export AWS_ROLE_ARN="$WEIGHBRIDGE_${role}_ROLE" AWS_REGION="$WEIGHBRIDGE_REGION" AWS_ROLE_SESSION_NAME="gitlab-$CI_PIPELINE_ID"
    - export AWS_WEB_IDENTITY_TOKEN_FILE="$CI_PROJECT_DIR/.git/aws-token"
    - (umask 077 && printf '%s' "$AWS_ID_TOKEN" > "$AWS_WEB_IDENTITY_TOKEN_FILE")
`;

/** The same for GitLab, whose comment needs a token of its own: jobs may not write comments. */
export const gitlabCiYaml = `# A merge request is checked, and one comment says what it would do. A merge is submitted to the pipeline in the cloud.
#
# After the first "npx cdk deploy" set these variables of the project (Settings, CI/CD, Variables) to what it printed;
# until then only the manifests are checked:
#   WEIGHBRIDGE_REGION         where it is deployed
#   WEIGHBRIDGE_PLAN_ROLE      PlanRole...
#   WEIGHBRIDGE_SUBMIT_ROLE    SubmitRole...
#   WEIGHBRIDGE_POLICY         true, once the publisher in weighbridge.yaml has policy: true: then manifests/access.yaml
#                              is submitted too
#   WEIGHBRIDGE_COMMENT_TOKEN  masked: a project access token, role Reporter, scope api; without it the plan is an
#                              artifact of the job and there is no comment. Whoever may push a branch can read it
#                              (a pipeline is what its branch says), so let it do nothing but comment
# Before GitLab runs the pipeline of a fork in this project it asks: do not. It would get tokens that name this project
# and the branch of the fork, which may be called like yours.
workflow:
  rules:
    - if: $CI_PIPELINE_SOURCE == "merge_request_event"
    - if: $CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH # the branch of publishers: in weighbridge.yaml

stages: [ validate, plan, comment, submit ]

default:
  image: node:24
  interruptible: false

# Also for forks: it needs no credentials and gets none.
validate:
  stage: validate
  script:
    - npm ci
    - git ls-files -z -- manifests/access.yaml 'manifests/*/*.yaml' | xargs -0 -r npx weighbridge validate

plan:
  stage: plan
  rules:
    - if: $CI_PIPELINE_SOURCE == "merge_request_event" && $CI_MERGE_REQUEST_SOURCE_PROJECT_ID == $CI_MERGE_REQUEST_PROJECT_ID && $WEIGHBRIDGE_PLAN_ROLE
  interruptible: true
  id_tokens:
    AWS_ID_TOKEN: { aud: $CI_SERVER_URL }
  variables:
    GIT_DEPTH: 0
  script:
${prepared('PLAN')}    - git diff --name-only -z --diff-filter=d "$CI_MERGE_REQUEST_DIFF_BASE_SHA" HEAD -- manifests/access.yaml 'manifests/*/*.yaml' > .git/changed
    - if [ ! -s .git/changed ]; then exit 0; fi
    # What everybody can read has no names of private releases.
    - HIDE=""; if [ "$CI_PROJECT_VISIBILITY" = public ]; then HIDE="--hide-private"; fi
    - xargs -0 npx weighbridge plan --cloud --markdown $HIDE --progress none < .git/changed > plan.md
  artifacts:
    when: always
    expose_as: Weighbridge plan
    paths: [ plan.md ]
    expire_in: 30 days

# Apart from plan, which runs what the merge request brings: this job runs nothing of it.
comment:
  stage: comment
  rules:
    - if: $CI_PIPELINE_SOURCE == "merge_request_event" && $CI_MERGE_REQUEST_SOURCE_PROJECT_ID == $CI_MERGE_REQUEST_PROJECT_ID && $WEIGHBRIDGE_PLAN_ROLE && $WEIGHBRIDGE_COMMENT_TOKEN
      when: always
  needs: [ { job: plan, artifacts: true } ]
  variables:
    GIT_STRATEGY: none
  script:
    - if [ ! -s plan.md ]; then exit 0; fi
    - (umask 077 && printf 'header = "PRIVATE-TOKEN:%s"\\n' "$WEIGHBRIDGE_COMMENT_TOKEN" > curl.conf)
    - notes="$CI_API_V4_URL/projects/$CI_MERGE_REQUEST_PROJECT_ID/merge_requests/$CI_MERGE_REQUEST_IID/notes"
    - curl --fail --silent --show-error --config curl.conf "$notes?per_page=100&sort=asc&order_by=created_at" > notes.json
    - id=$(node -p 'JSON.parse(fs.readFileSync("notes.json", "utf8")).find(({ body }) => body.startsWith("<!-- weighbridge plan -->"))?.id ?? ""')
    - if [ -n "$id" ]; then method=PUT; notes="$notes/$id"; else method=POST; fi
    - curl --fail --silent --show-error --config curl.conf --request "$method" --data-urlencode body@plan.md "$notes" > notes.json

submit:
  stage: submit
  rules:
    - if: $CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH && $CI_PIPELINE_SOURCE != "merge_request_event" && $WEIGHBRIDGE_SUBMIT_ROLE
  timeout: 4 hours # of the job: a run in the cloud goes on
  id_tokens:
    AWS_ID_TOKEN: { aud: $CI_SERVER_URL }
  variables:
    GIT_DEPTH: 0
  script:
${prepared('SUBMIT')}    # A first push, or one that was forced, has nothing before it that is known: then every manifest is submitted.
    - before=$(git rev-parse --quiet --verify "$CI_COMMIT_BEFORE_SHA^{commit}" || git hash-object -t tree /dev/null)
    - git diff --name-only -z --diff-filter=d "$before" HEAD -- 'manifests/*/*.yaml' > .git/changed
    - if [ ! -s .git/changed ]; then echo "No manifest changed."; exit 0; fi
    - HIDE=""; if [ "$CI_PROJECT_VISIBILITY" = public ]; then HIDE="--hide-private"; fi
    - xargs -0 npx weighbridge submit --wait --timeout 225m --summary report.md $HIDE --progress plain < .git/changed
  artifacts:
    when: always
    paths: [ report.md ]
    expire_in: 1 year

# The policy of the branch as it is now, not of the commit of the pipeline: of two jobs, or of one that is run again
# later, the last one must not bring back what a newer commit took away. One at a time; what holds already stays.
policy:
  stage: submit
  rules:
    - if: $CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH && $CI_PIPELINE_SOURCE != "merge_request_event" && $WEIGHBRIDGE_SUBMIT_ROLE && $WEIGHBRIDGE_POLICY == "true"
  resource_group: weighbridge-policy
  timeout: 30 minutes
  id_tokens:
    AWS_ID_TOKEN: { aud: $CI_SERVER_URL }
  script:
    - git fetch --quiet origin "$CI_DEFAULT_BRANCH" && git checkout --quiet FETCH_HEAD
${prepared('SUBMIT')}    - if [ ! -e manifests/access.yaml ]; then exit 0; fi
    - HIDE=""; if [ "$CI_PROJECT_VISIBILITY" = public ]; then HIDE="--hide-private"; fi
    - npx weighbridge submit manifests/access.yaml --wait --timeout 20m --summary policy.md $HIDE --progress plain
  artifacts:
    when: always
    paths: [ policy.md ]
    expire_in: 1 year
`;
