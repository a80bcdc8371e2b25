"""Surveys, whom they ask, and the one answer of each."""

from sqlalchemy import CheckConstraint, Column, ForeignKeyConstraint, Integer, Table
from sqlalchemy.dialects.postgresql import JSONB

from services.schema.tables.base import day, instant, key, metadata, one_of, tenant_column, text
from services.schema.watch_words import SurveyAudience
from services.schema.words import SubjectKind

surveys = Table(
    "surveys",
    metadata,
    tenant_column(),
    key("code"),
    text("zh"),
    text("en"),
    text("about_kind"),
    text("about"),
    text("audience"),
    Column("scale", Integer, nullable=False),
    Column("questions", JSONB, nullable=False),
    day("opens_on"),
    day("closes_on"),
    text("author"),
    instant("put_at"),
    one_of("about_kind", SubjectKind),
    one_of("audience", SurveyAudience),
    CheckConstraint("scale BETWEEN 2 AND 100", name="scale"),
    CheckConstraint("opens_on < closes_on", name="days"),
)

survey_invitations = Table(
    "survey_invitations",
    metadata,
    tenant_column(),
    key("survey"),
    key("respondent"),
    text("author"),
    instant("invited_at"),
    ForeignKeyConstraint(["tenant_id", "survey"], ["surveys.tenant_id", "surveys.code"]),
)

# The key is what makes it one answer each.
survey_answers = Table(
    "survey_answers",
    metadata,
    tenant_column(),
    key("survey"),
    key("respondent"),
    text("id"),
    Column("replies", JSONB, nullable=False),
    text("author"),
    instant("answered_at"),
    ForeignKeyConstraint(
        ["tenant_id", "survey", "respondent"],
        [f"survey_invitations.{name}" for name in ("tenant_id", "survey", "respondent")],
    ),
)
