"""Which environment variables hold the credentials of each model provider pi knows, and which of them a start needs.

Kept as data, since an agent's key must be chosen before its pi runs. Source: pi-ai's `env-api-keys.js`,
`providers/*.js`, `api/*.js` as pi 0.73.1, 0.87.1 and 1.6.0 ship them; the versions are joined, for a variable that a
version does not know does nothing there.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from cockpit.agents.variables import matching_variables


@dataclass(frozen=True, slots=True)
class Provider:
    """One model provider, as pi names it."""

    name: str
    credentials: tuple[tuple[str, ...], ...]
    """Each entry opens the provider if all its variables are set."""
    settings: tuple[str, ...] = ()
    """Further variables pi reads for this provider; they go along, and open nothing."""
    substitutes: tuple[str, ...] = ()
    """Variables made for something else that older versions take if no credential is set; only for who names this
    provider."""

    def is_set(self, environment: Mapping[str, str]) -> bool:
        """Say whether a credential of this provider is complete."""
        return any(all(environment.get(name) for name in names) for names in self.credentials)

    def needed(self, environment: Mapping[str, str], *, named: bool) -> tuple[str, ...]:
        """Return the variables of this provider that are set.

        Args:
            environment: where they are looked for.
            named: the provider was named, not found by what is set.
        """
        wanted = [name for names in self.credentials for name in names]
        if named and not self.is_set(environment):
            wanted += self.substitutes
        return tuple(dict.fromkeys(name for name in (*wanted, *self.settings) if environment.get(name)))


def _plain(name: str, *variables: str) -> Provider:
    """Return a provider that one variable opens, whichever of them it is."""
    return Provider(name, tuple((variable,) for variable in variables))


_AZURE = Provider(
    "azure",
    (("AZURE_OPENAI_API_KEY",),),
    (
        "AZURE_OPENAI_BASE_URL",
        "AZURE_OPENAI_RESOURCE_NAME",
        "AZURE_OPENAI_API_VERSION",
        "AZURE_OPENAI_DEPLOYMENT_NAME_MAP",
    ),
)
_VERTEX_PROJECT = ("GOOGLE_CLOUD_PROJECT", "GCLOUD_PROJECT")

PROVIDERS: tuple[Provider, ...] = (
    Provider(
        "anthropic",
        (
            ("ANTHROPIC_AUTH_TOKEN",),
            ("ANTHROPIC_OAUTH_TOKEN",),
            ("ANTHROPIC_API_KEY",),
            (
                "ANTHROPIC_FEDERATION_RULE_ID",
                "ANTHROPIC_ORGANIZATION_ID",
                "ANTHROPIC_SERVICE_ACCOUNT_ID",
                "ANTHROPIC_IDENTITY_TOKEN_FILE",
            ),
        ),
        ("ANTHROPIC_WORKSPACE_ID",),
    ),
    _plain("openai", "OPENAI_API_KEY"),
    _plain("google", "GEMINI_API_KEY"),
    _plain("openrouter", "OPENROUTER_API_KEY"),
    _plain("xai", "XAI_API_KEY"),
    _plain("groq", "GROQ_API_KEY"),
    _plain("mistral", "MISTRAL_API_KEY"),
    _plain("zai", "ZAI_API_KEY"),
    _plain("zai-coding-cn", "ZAI_CODING_CN_API_KEY"),
    _plain("cerebras", "CEREBRAS_API_KEY"),
    _plain("deepseek", "DEEPSEEK_API_KEY"),
    _AZURE,
    Provider("azure-openai-responses", _AZURE.credentials, _AZURE.settings),
    Provider(
        "google-vertex",
        (
            ("GOOGLE_CLOUD_API_KEY",),
            *(("GOOGLE_APPLICATION_CREDENTIALS", project, "GOOGLE_CLOUD_LOCATION") for project in _VERTEX_PROJECT),
        ),
    ),
    Provider(
        "github-copilot",
        (("COPILOT_GITHUB_TOKEN",),),
        substitutes=("GH_TOKEN", "GITHUB_TOKEN"),
    ),
    _plain("vercel-ai-gateway", "AI_GATEWAY_API_KEY"),
    _plain("opencode", "OPENCODE_API_KEY"),
    _plain("opencode-go", "OPENCODE_API_KEY"),
    _plain("kimi-coding", "KIMI_API_KEY"),
    _plain("moonshotai", "MOONSHOT_API_KEY"),
    _plain("moonshotai-cn", "MOONSHOT_API_KEY"),
    _plain("minimax", "MINIMAX_API_KEY"),
    _plain("minimax-cn", "MINIMAX_CN_API_KEY"),
    _plain("huggingface", "HF_TOKEN"),
    _plain("fireworks", "FIREWORKS_API_KEY"),
    _plain("together", "TOGETHER_API_KEY"),
    _plain("baseten", "BASETEN_API_KEY"),
    _plain("nvidia", "NVIDIA_API_KEY"),
    _plain("meta", "META_API_KEY"),
    _plain("typesafe", "TYPESAFE_API_KEY"),
    _plain("radius", "RADIUS_API_KEY"),
    _plain("ant-ling", "ANT_LING_API_KEY"),
    _plain("qwen-token-plan", "QWEN_TOKEN_PLAN_TEAM_API_KEY", "QWEN_TOKEN_PLAN_API_KEY"),
    _plain("qwen-token-plan-cn", "QWEN_TOKEN_PLAN_TEAM_CN_API_KEY", "QWEN_TOKEN_PLAN_CN_API_KEY"),
    _plain("qwen-token-plan-individual", "QWEN_TOKEN_PLAN_INDIVIDUAL_API_KEY", "QWEN_TOKEN_PLAN_API_KEY"),
    _plain("qwen-token-plan-individual-cn", "QWEN_TOKEN_PLAN_INDIVIDUAL_CN_API_KEY", "QWEN_TOKEN_PLAN_CN_API_KEY"),
    _plain("xiaomi", "XIAOMI_API_KEY"),
    _plain("xiaomi-token-plan-cn", "XIAOMI_TOKEN_PLAN_CN_API_KEY"),
    _plain("xiaomi-token-plan-ams", "XIAOMI_TOKEN_PLAN_AMS_API_KEY"),
    _plain("xiaomi-token-plan-sgp", "XIAOMI_TOKEN_PLAN_SGP_API_KEY"),
    Provider("cloudflare-workers-ai", (("CLOUDFLARE_API_KEY", "CLOUDFLARE_ACCOUNT_ID"),)),
    Provider(
        "cloudflare-ai-gateway",
        (("CLOUDFLARE_API_KEY", "CLOUDFLARE_ACCOUNT_ID", "CLOUDFLARE_GATEWAY_ID"),),
    ),
    Provider(
        "amazon-bedrock",
        (
            ("AWS_BEARER_TOKEN_BEDROCK",),
            ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"),
            ("AWS_PROFILE",),
            ("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",),
            ("AWS_CONTAINER_CREDENTIALS_FULL_URI",),
            ("AWS_WEB_IDENTITY_TOKEN_FILE",),
        ),
        (
            "AWS_SESSION_TOKEN",
            "AWS_REGION",
            "AWS_DEFAULT_REGION",
            "AWS_BEDROCK_SKIP_AUTH",
            "AWS_BEDROCK_FORCE_CACHE",
            "AWS_BEDROCK_FORCE_HTTP1",
        ),
    ),
)
"""Every provider pi takes a key of from the environment; with none chosen, the first that is set is taken."""

_BY_NAME = {provider.name: provider for provider in PROVIDERS}

_FAMILIES = (
    (re.compile(r"claude"), ("anthropic",)),
    (re.compile(r"gpt|chatgpt|codex|o[1345](-|\Z)"), ("openai", "azure", "azure-openai-responses")),
    (re.compile(r"gemini"), ("google", "google-vertex")),
    (re.compile(r"grok"), ("xai",)),
    (re.compile(r"(mi|mini|code|dev|magi)stral|pixtral"), ("mistral",)),
    (re.compile(r"glm"), ("zai", "zai-coding-cn")),
    (re.compile(r"deepseek"), ("deepseek",)),
    (re.compile(r"kimi"), ("kimi-coding", "moonshotai")),
    (re.compile(r"minimax"), ("minimax", "minimax-cn")),
    (re.compile(r"mimo"), ("xiaomi",)),
)
"""Whose model a bare model id is, by how it begins: `--model` takes one without its provider."""

KEY_VARIABLES: tuple[str, ...] = tuple(
    dict.fromkeys(
        name
        for provider in PROVIDERS
        for name in (*(name for names in provider.credentials for name in names), *provider.substitutes)
    )
)
"""Every variable that may hold a credential: what they hold is kept out of logs."""


def provider_of(model: str, environment: Mapping[str, str]) -> str:
    """Return the provider a model's name tells, or empty text.

    Args:
        model: `provider/id`, or an id or the beginning of one, as `--model` takes it.
        environment: of several providers that may be meant, the first whose credential is set here is.
    """
    name, slash, _ = model.partition("/")
    if slash:
        return name
    for family, candidates in _FAMILIES:
        if family.match(model.lower()):
            found = [name for name in candidates if _BY_NAME[name].is_set(environment)]
            return found[0] if found else ""
    return ""


def needed_variables(
    provider: str, environment: Mapping[str, str], named_elsewhere: Collection[str] = ()
) -> tuple[str, ...]:
    """Return the names of the variables a start with this provider needs, of those that are set.

    Args:
        provider: as pi names it; empty takes the first whose credential is complete. One that is not known here is
            one of pi's `models.json`, which names its variables itself.
        environment: where they are looked for.
        named_elsewhere: the variables `models.json` names for this provider.
    """
    found = _BY_NAME.get(provider)
    if not provider:
        found = next((known for known in PROVIDERS if known.is_set(environment)), None)
    names = found.needed(environment, named=bool(provider)) if found else ()
    return tuple(dict.fromkeys((*names, *(name for name in named_elsewhere if environment.get(name)))))


def secret_values(patterns: Sequence[str], environment: Mapping[str, str]) -> list[str]:
    """Return what the known providers' variables, and those that are passed by pattern, hold: for redaction."""
    names = (*KEY_VARIABLES, *matching_variables(patterns, environment))
    return [environment[name] for name in dict.fromkeys(names) if environment.get(name)]


def variables_in(value: object) -> Iterable[str]:
    """Yield the variables that a provider of `models.json` names: a bare name as its key, `$NAME` anywhere."""
    if isinstance(value, dict):
        for inner in value.values():
            yield from variables_in(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from variables_in(inner)
    elif isinstance(value, str):
        if re.fullmatch(r"[A-Z][A-Z0-9_]+", value):
            yield value
        yield from re.findall(r"\$\{?([A-Za-z_][A-Za-z0-9_]*)", value)
