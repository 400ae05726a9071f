"""Which of the operator's variables an agent gets: what its provider needs, and no other provider's."""

from __future__ import annotations

import pytest

from cockpit.agents.pi.credentials import (
    KEY_VARIABLES,
    PROVIDERS,
    Provider,
    needed_variables,
    provider_of,
    secret_values,
    variables_in,
)
from cockpit.agents.variables import matching_variables

EVERYTHING = {
    name: f"canary-{name}"
    for provider in PROVIDERS
    for name in (*(name for names in provider.credentials for name in names), *provider.settings, *provider.substitutes)
}


def test_every_provider_pi_knows_is_known() -> None:
    assert len({provider.name for provider in PROVIDERS}) == len(PROVIDERS) >= 43
    assert len(KEY_VARIABLES) > 45


@pytest.mark.parametrize("provider", PROVIDERS, ids=lambda provider: provider.name)
def test_a_chosen_provider_gets_its_own_variables_only(provider: Provider) -> None:
    own = {name for names in provider.credentials for name in names} | set(provider.settings)
    assert set(needed_variables(provider.name, EVERYTHING)) == own


@pytest.mark.parametrize(
    ("model", "provider"),
    [
        ("openai/gpt-5", "openai"),
        ("openrouter/anthropic/claude-sonnet-4", "openrouter"),
        ("amazon-bedrock/anthropic.claude-v2", "amazon-bedrock"),
        ("gpt-5.1-codex", "openai"),
        ("o3", "openai"),
        ("Gemini-2.5-pro", "google"),
        ("claude-sonnet-4-5:high", "anthropic"),
        ("grok-4", "xai"),
        ("of-our-own", ""),
        ("", ""),
    ],
)
def test_a_model_tells_its_provider(model: str, provider: str) -> None:
    assert provider_of(model, EVERYTHING) == provider


def test_a_bare_model_is_of_the_provider_that_can_be_used() -> None:
    assert provider_of("gpt-5", {"AZURE_OPENAI_API_KEY": "k", "ANTHROPIC_API_KEY": "a"}) == "azure"
    assert provider_of("gpt-5", {"ANTHROPIC_API_KEY": "a"}) == ""


def test_with_no_provider_chosen_the_first_that_is_complete_is_taken() -> None:
    environment = {"GROQ_API_KEY": "g", "OPENAI_API_KEY": "o", "DEEPSEEK_API_KEY": "d"}
    assert needed_variables("", environment) == ("OPENAI_API_KEY",)
    assert needed_variables("", {"AWS_ACCESS_KEY_ID": "half", "META_API_KEY": "m"}) == ("META_API_KEY",)
    assert needed_variables("", {"GH_TOKEN": "not for models", "GITHUB_TOKEN": "neither"}) == ()
    assert needed_variables("", {"OPENAI_API_KEY": ""}) == ()


def test_providers_that_need_several_variables_get_all_that_are_set() -> None:
    aws = {"AWS_ACCESS_KEY_ID": "i", "AWS_SECRET_ACCESS_KEY": "s", "AWS_SESSION_TOKEN": "t", "AWS_REGION": "r"}
    assert set(needed_variables("", {**aws, "HOME": "/"})) == set(aws)
    azure = {"AZURE_OPENAI_API_KEY": "k", "AZURE_OPENAI_RESOURCE_NAME": "n", "AZURE_OPENAI_API_VERSION": "v"}
    assert set(needed_variables("azure-openai-responses", azure)) == set(azure)
    vertex = {"GOOGLE_APPLICATION_CREDENTIALS": "/k", "GCLOUD_PROJECT": "p", "GOOGLE_CLOUD_LOCATION": "l"}
    assert set(needed_variables("", vertex)) == set(vertex)
    gateway = {"CLOUDFLARE_API_KEY": "k", "CLOUDFLARE_ACCOUNT_ID": "a", "CLOUDFLARE_GATEWAY_ID": "g"}
    assert set(needed_variables("cloudflare-ai-gateway", gateway)) == set(gateway)


def test_a_token_made_for_something_else_goes_only_where_it_is_meant_to() -> None:
    assert needed_variables("github-copilot", {"GH_TOKEN": "g"}) == ("GH_TOKEN",)
    assert needed_variables("github-copilot", {"GH_TOKEN": "g", "COPILOT_GITHUB_TOKEN": "c"}) == (
        "COPILOT_GITHUB_TOKEN",
    )


def test_a_provider_of_models_json_names_its_own_variables() -> None:
    own = {"apiKey": "HOUSE_KEY", "headers": {"X-Team": "$TEAM_TOKEN"}, "models": [{"id": "scripted"}]}
    environment = {"HOUSE_KEY": "h", "TEAM_TOKEN": "t", "ANTHROPIC_API_KEY": "a"}
    assert needed_variables("house", environment, list(variables_in(own))) == ("HOUSE_KEY", "TEAM_TOKEN")
    assert needed_variables("house", {"ANTHROPIC_API_KEY": "a"}) == ()


def test_patterns_pass_names_and_never_where_a_process_runs() -> None:
    environment = {"OPENAI_API_KEY": "o", "OPENAI_ORG": "r", "PATH": "/bin", "HOME": "/", "UID": "0", "A%%": "f"}
    assert matching_variables(("OPENAI_*",), environment) == ("OPENAI_API_KEY", "OPENAI_ORG")
    assert matching_variables(("*",), environment) == ("OPENAI_API_KEY", "OPENAI_ORG")
    assert matching_variables(("openai_*", "PATH", "NONE"), environment) == ()
    assert matching_variables((), environment) == ()


def test_what_any_key_holds_is_kept_out_of_logs() -> None:
    values = secret_values(("HOUSE_*",), {**EVERYTHING, "HOUSE_KEY": "house", "LANG": "C"})
    assert {"house", "canary-XIAOMI_API_KEY", "canary-AWS_SECRET_ACCESS_KEY"} <= set(values) and "C" not in values
