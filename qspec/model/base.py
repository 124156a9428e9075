"""What every noun shares: names in kebab-case, no unknown fields, and the ways of saying nothing."""

from typing import Annotated, Any, Generic, Literal, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, RootModel, model_validator

T = TypeVar("T")


def kebab(name: str) -> str:
    """`test_set` as the language writes it: `test-set`; a trailing underscore hides a Python keyword."""
    return name.rstrip("_").replace("_", "-")


class Noun(BaseModel):
    """A block of the language. Building its validator waits for its first use, to keep start-up short."""

    model_config = ConfigDict(
        alias_generator=kebab,
        validate_by_name=True,
        validate_by_alias=True,
        extra="forbid",
        defer_build=True,
        frozen=True,
    )

    def to_json(self) -> dict[str, Any]:
        """Plain JSON data, with the language's own names and without what was not said."""
        return self.model_dump(mode="json", by_alias=True, exclude_defaults=True)


class Open(RootModel[dict[str, T]], Generic[T]):
    """A block whose entries bear names of the author's choosing; plain dictionaries in the twins."""

    model_config = ConfigDict(defer_build=True, frozen=True)

    @property
    def members(self) -> dict[str, T]:
        """The entries by name, in the order they were written."""
        return self.root


class Silence(Noun):
    """Somebody looked: the source does not say, or the axis does not exist here."""

    silence: Literal["unstated", "not-applicable"]
    """`unstated` when the source was read and does not say; `not-applicable` when the axis does not exist."""
    reason: str | None = None
    """Why the axis does not exist here (required with `not-applicable`), or where one looked in vain."""

    @model_validator(mode="after")
    def _reasoned(self) -> Self:
        if self.silence == "not-applicable" and self.reason is None:
            raise ValueError("`not-applicable` needs its reason")
        return self


class Labelled:
    """Marks a dictionary field filled by repeated sections `keyword NAME { … }`."""

    __slots__ = ("keyword",)

    def __init__(self, keyword: str) -> None:
        self.keyword = keyword


class Repeated:
    """Marks a list field filled by repeated sections `keyword { … }` without a name."""

    __slots__ = ("keyword",)

    def __init__(self, keyword: str) -> None:
        self.keyword = keyword


class Quantities:
    """Marks a list field filled by every section or entry whose head is a quantity rather than a field."""

    __slots__ = ()


class Assertions:
    """Marks a list field filled by the assertions that stand in the block."""

    __slots__ = ()


class Vocabulary:
    """Marks a word taken from an open list; a word outside it is accepted and the checker asks about it."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name


Text = Annotated[str, Field(max_length=65536)]
Word = Annotated[str, Field(max_length=512, pattern=r"^[^\x00-\x1f\x7f]*$")]
Digest = Annotated[str, Field(max_length=512, description="SHA-256 in hexadecimal")]
