"""Surveys with their answers, and the cases that come of what they find."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from migrations.guards import make_append_only, protect

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None

_KINDS = "IN ('employee', 'unit', 'shop', 'company')"


def upgrade() -> None:
    op.add_column(
        "watched_days",
        sa.Column("marks", sa.BigInteger(), server_default="1", nullable=False),
    )
    _make_surveys()
    _make_cases()
    protect("surveys", api="SELECT, INSERT, UPDATE")
    protect("cases", api="SELECT, INSERT, UPDATE")
    for table in ("survey_invitations", "survey_answers", "case_steps"):
        protect(table, api="SELECT, INSERT")
        make_append_only(table)


def downgrade() -> None:
    for table in ("case_steps", "cases", "survey_answers", "survey_invitations", "surveys"):
        op.drop_table(table)
    op.drop_column("watched_days", "marks")


def _make_surveys() -> None:
    op.create_table(
        "surveys",
        _tenant(),
        *_texts("code", "zh", "en", "about_kind", "about", "audience"),
        sa.Column("scale", sa.Integer(), nullable=False),
        sa.Column("questions", JSONB(), nullable=False),
        sa.Column("opens_on", sa.Date(), nullable=False),
        sa.Column("closes_on", sa.Date(), nullable=False),
        *_texts("author"),
        sa.Column("put_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(f"about_kind {_KINDS}", name=op.f("ck_surveys_about_kind")),
        sa.CheckConstraint(
            "audience IN ('customers', 'employees')", name=op.f("ck_surveys_audience")
        ),
        sa.CheckConstraint("scale BETWEEN 2 AND 100", name=op.f("ck_surveys_scale")),
        sa.CheckConstraint("opens_on < closes_on", name=op.f("ck_surveys_days")),
        sa.PrimaryKeyConstraint("tenant_id", "code", name=op.f("pk_surveys")),
    )
    op.create_table(
        "survey_invitations",
        _tenant(),
        *_texts("survey", "respondent", "author"),
        sa.Column("invited_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "survey"],
            ["surveys.tenant_id", "surveys.code"],
            name=op.f("fk_survey_invitations_tenant_id_survey"),
        ),
        sa.PrimaryKeyConstraint(
            "tenant_id", "survey", "respondent", name=op.f("pk_survey_invitations")
        ),
    )
    op.create_table(
        "survey_answers",
        _tenant(),
        *_texts("survey", "respondent", "id"),
        sa.Column("replies", JSONB(), nullable=False),
        *_texts("author"),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "survey", "respondent"],
            [f"survey_invitations.{name}" for name in ("tenant_id", "survey", "respondent")],
            name=op.f("fk_survey_answers_tenant_id_survey_respondent"),
        ),
        sa.PrimaryKeyConstraint(
            "tenant_id", "survey", "respondent", name=op.f("pk_survey_answers")
        ),
    )


def _make_cases() -> None:
    op.create_table(
        "cases",
        _tenant(),
        *_texts("id", "finding", "subject_kind", "subject", "owner"),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("survey", sa.Text(), nullable=True),
        sa.Column("respondent", sa.Text(), nullable=True),
        *_texts("state"),
        sa.Column("is_told", sa.Boolean(), nullable=False),
        sa.CheckConstraint(f"subject_kind {_KINDS}", name=op.f("ck_cases_subject_kind")),
        sa.CheckConstraint("state IN ('open', 'done', 'closed')", name=op.f("ck_cases_state")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "owner"],
            ["employees.tenant_id", "employees.code"],
            name=op.f("fk_cases_tenant_id_owner"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "survey"],
            ["surveys.tenant_id", "surveys.code"],
            name=op.f("fk_cases_tenant_id_survey"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_cases")),
    )
    op.create_index("ix_cases_owner", "cases", ["tenant_id", "owner"])
    op.create_index("ix_cases_due_on", "cases", ["tenant_id", "state", "due_on"])
    op.create_table(
        "case_steps",
        _tenant(),
        *_texts("case"),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        *_texts("step", "owner"),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        *_texts("person", "author"),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "step IN ('opened', 'assigned', 'done', 'told', 'closed', 'reopened')",
            name=op.f("ck_case_steps_step"),
        ),
        sa.CheckConstraint("number > 0", name=op.f("ck_case_steps_number")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "case"],
            ["cases.tenant_id", "cases.id"],
            name=op.f("fk_case_steps_tenant_id_case"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "case", "number", name=op.f("pk_case_steps")),
    )


def _tenant() -> sa.Column[int]:
    return sa.Column("tenant_id", sa.Integer(), autoincrement=False, nullable=False)


def _texts(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text(), nullable=False) for name in names]
