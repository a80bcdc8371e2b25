"""Facts that came after data were closed, what was decided of them, and drifts of published cards."""

import sqlalchemy as sa
from alembic import op

from migrations.guards import make_append_only, protect

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _make_late_facts()
    _make_late_decisions()
    _make_drifts()
    # Null: late facts are taken however long ago their period was. No row is rewritten.
    op.add_column(
        "tenant_settings", sa.Column("correction_periods", sa.SmallInteger(), nullable=True)
    )
    op.create_check_constraint(
        op.f("ck_tenant_settings_correction_periods"), "tenant_settings", "correction_periods >= 0"
    )
    # Whoever lands facts must know which periods are over, and nothing else of a cycle.
    op.execute("GRANT SELECT (tenant_id, status, ends_on) ON cycles TO kaohe_ingest")


def downgrade() -> None:
    op.execute("REVOKE SELECT (tenant_id, status, ends_on) ON cycles FROM kaohe_ingest")
    op.drop_column("tenant_settings", "correction_periods")
    op.drop_table("drifts")
    op.drop_table("late_decisions")
    op.drop_table("late_facts")


def _make_late_facts() -> None:
    texts = ("kind", "source", "fact", "shop", "unit", "employee", "basis")
    op.create_table(
        "late_facts",
        sa.Column("tenant_id", sa.Integer(), autoincrement=False, nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in texts[:3]),
        sa.Column("day", sa.Date(), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in texts[3:]),
        sa.Column("modified_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("came_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "kind IN ('orders', 'refunds', 'ratings', 'chats', 'traffic', 'stock', 'campaigns', "
            "'measures')",
            name=op.f("ck_late_facts_kind"),
        ),
        sa.CheckConstraint("basis IN ('both', 'score', 'pay')", name=op.f("ck_late_facts_basis")),
        sa.PrimaryKeyConstraint(
            "tenant_id",
            "kind",
            "source",
            "fact",
            "day",
            "shop",
            "unit",
            "employee",
            "basis",
            name=op.f("pk_late_facts"),
        ),
    )
    op.create_index(
        "ix_late_facts_new",
        "late_facts",
        ["tenant_id"],
        postgresql_where=sa.text("came_at IS NULL"),
    )
    op.create_index("ix_late_facts_came_at", "late_facts", ["tenant_id", "came_at"])
    protect("late_facts", api="SELECT, UPDATE, DELETE", ingest="SELECT, INSERT, UPDATE")


def _make_late_decisions() -> None:
    texts = ("id", "scorecard", "cycle", "decision", "reason", "author")
    op.create_table(
        "late_decisions",
        sa.Column("tenant_id", sa.Integer(), autoincrement=False, nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in texts),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("document", sa.LargeBinary(), nullable=False),
        sa.Column("scorecard_document", sa.LargeBinary(), nullable=True),
        sa.Column("bases", sa.LargeBinary(), nullable=True),
        sa.CheckConstraint(
            "decision IN ('accepted', 'rejected')", name=op.f("ck_late_decisions_decision")
        ),
        sa.CheckConstraint(
            "(decision = 'accepted') = (scorecard_document IS NOT NULL)",
            name=op.f("ck_late_decisions_scorecard_document"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "cycle"],
            ["cycles.tenant_id", "cycles.code"],
            name=op.f("fk_late_decisions_tenant_id_cycle"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_late_decisions")),
    )
    op.create_index("ix_late_decisions_scorecard", "late_decisions", ["tenant_id", "scorecard"])
    op.create_index("ix_late_decisions_cycle", "late_decisions", ["tenant_id", "cycle"])
    protect("late_decisions", api="SELECT, INSERT")
    make_append_only("late_decisions")


def _make_drifts() -> None:
    texts = ("id", "result", "cycle", "subject_kind", "subject")
    op.create_table(
        "drifts",
        sa.Column("tenant_id", sa.Integer(), autoincrement=False, nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in texts),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("recomputed", sa.Text(), nullable=False),
        sa.Column("found_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("document", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint(
            "subject_kind IN ('employee', 'unit', 'shop', 'company')",
            name=op.f("ck_drifts_subject_kind"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "result"],
            ["results.tenant_id", "results.id"],
            name=op.f("fk_drifts_tenant_id_result"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_drifts")),
        sa.UniqueConstraint(
            "tenant_id", "result", "recomputed", name=op.f("uq_drifts_tenant_id_result_recomputed")
        ),
    )
    op.create_index("ix_drifts_cycle", "drifts", ["tenant_id", "cycle"])
    protect("drifts", api="SELECT, INSERT")
    make_append_only("drifts")
