"""The closed lists of words that tables, contracts and code share, as `domain.md` names them."""

from enum import StrEnum


class FactKind(StrEnum):
    """What a source can state; the plural is the last part of its path."""

    ORDERS = "orders"
    REFUNDS = "refunds"
    RATINGS = "ratings"
    CHATS = "chats"
    TRAFFIC = "traffic"
    STOCK = "stock"
    CAMPAIGNS = "campaigns"
    MEASURES = "measures"


class Outcome(StrEnum):
    """What became of one posted row."""

    CREATED = "created"
    UPDATED = "updated"
    DUPLICATE = "duplicate"
    STALE = "stale"
    INVALID = "invalid"
    CONFLICT = "conflict"


class OrderStatus(StrEnum):
    """Where an order stands, in our words, whatever its marketplace calls it."""

    UNPAID = "unpaid"
    PAID = "paid"
    SHIPPED = "shipped"
    COMPLETED = "completed"
    CANCELLED = "cancelled"
    REFUNDED = "refunded"


class Exclusion(StrEnum):
    """Why an order counts in gross sales alone."""

    BRUSHING = "brushing"
    TEST = "test"
    STAFF = "staff"


class RefundStatus(StrEnum):
    """Only a refund that succeeded counts."""

    REQUESTED = "requested"
    SUCCEEDED = "succeeded"
    CLOSED = "closed"


class RefundKind(StrEnum):
    """Money back, goods back too, or goods for goods."""

    REFUND = "refund"
    RETURN = "return"
    EXCHANGE = "exchange"


class Marketplace(StrEnum):
    """Where a shop sells; a shop of none has null."""

    TAOBAO = "taobao"
    TMALL = "tmall"
    JD = "jd"
    PINDUODUO = "pinduoduo"
    DOUYIN = "douyin"
    AMAZON = "amazon"
    SHOPIFY = "shopify"
    WOOCOMMERCE = "woocommerce"
    OTHER = "other"


class ShopKind(StrEnum):
    """Whether a shop stands in the net or in a street."""

    ONLINE = "online"
    OFFLINE = "offline"


class SubjectKind(StrEnum):
    """Who or what an indicator, a target or a scorecard is about."""

    EMPLOYEE = "employee"
    UNIT = "unit"
    SHOP = "shop"
    COMPANY = "company"


class IndicatorUnit(StrEnum):
    """How a value is read and written for people."""

    RATIO = "ratio"
    MONEY = "money"
    SECONDS = "seconds"
    HOURS = "hours"
    COUNT = "count"
    SCORE = "score"


class Better(StrEnum):
    """Which direction of an indicator is the good one."""

    HIGHER = "higher"
    LOWER = "lower"


class NoValue(StrEnum):
    """Why an indicator has no value."""

    # `domain.md`, section 4
    NO_ROWS = "no_rows"
    NO_DENOMINATOR = "no_denominator"
    FX_RATE_MISSING = "fx_rate_missing"
    TOO_LARGE = "too_large"
    """It has more than 20 digits before the point: none is kept that cannot be kept exactly."""


class Grain(StrEnum):
    """The parts of a series."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"


class Scope(StrEnum):
    """Whose measures count for a subject."""

    # `api.md`, section 4
    OWN = "own"
    SHOPS = "shops"
    UNIT = "unit"
    COMPANY = "company"


class TargetLevel(StrEnum):
    """The level that is budgeted, and the one beyond it."""

    BUDGET = "budget"
    CHALLENGE = "challenge"


class RuleKind(StrEnum):
    """The rules that score a line."""

    # `domain.md`, section 5
    RATIO = "ratio"
    STEPS = "steps"
    CURVE = "curve"
    DEDUCT = "deduct"
    PASS = "pass"  # noqa: S105  a rule, no password
    RATING = "rating"
    LADDER = "ladder"
    RUBRIC = "rubric"


class RaterRole(StrEnum):
    """As whom somebody rates."""

    # `api.md`, section 4
    SELF = "self"
    MANAGER = "manager"
    PEER = "peer"
    MEMBER = "member"
    CUSTOMER = "customer"
    BRANCH = "branch"
    SUPERVISOR = "supervisor"
    MENTOR = "mentor"
    HR = "hr"
    THIRD_PARTY = "third_party"


class Quantifier(StrEnum):
    """How many conditions of a rubric's level must hold."""

    ALL = "all"
    ANY = "any"


class Of(StrEnum):
    """What a bound of a rule is held against."""

    VALUE = "value"
    ATTAINMENT = "attainment"


class GateOf(StrEnum):
    """What a gate reads of its section or item."""

    SCORE = "score"
    VALUE = "value"
    ATTAINMENT = "attainment"


class TargetKind(StrEnum):
    """Whether a target is set for each subject and period, or stated by the scheme for all."""

    SET = "set"
    FIXED = "fixed"


class Approver(StrEnum):
    """Who approves a scorecard, in the order that a scheme states."""

    SELF = "self"
    MANAGER = "manager"
    SECOND_LEVEL = "second_level"
    HR = "hr"


class ReviewDecision(StrEnum):
    """What somebody makes of a scorecard whose turn it is."""

    SUBMIT = "submit"
    """By whom the card is about: they have read it and said what they have to say."""
    RETURN = "return"
    """One step back, with a reason."""
    APPROVE = "approve"


class InterviewPart(StrEnum):
    """The two sides of the interview after a result."""

    EMPLOYEE = "employee"
    SUPERIOR = "superior"


class DisputeAbout(StrEnum):
    """What somebody contests of their card."""

    # `api.md`, section 5
    FACT = "fact"
    LINE = "line"
    RATING = "rating"


class Parts(StrEnum):
    """What a target is broken down into."""

    QUARTERS = "quarters"
    MONTHS = "months"
    UNITS = "units"
    EMPLOYEES = "employees"
    SHOPS = "shops"


class Missing(StrEnum):
    """What a line without data or target does to its scorecard."""

    # `domain.md`, section 5
    BLOCK = "block"
    ZERO = "zero"
    FULL = "full"
    REDISTRIBUTE = "redistribute"


class LineStatus(StrEnum):
    """Whether a line could be scored from data."""

    OK = "ok"
    NO_DATA = "no_data"
    NO_TARGET = "no_target"


class CycleKind(StrEnum):
    """How long a cycle lasts."""

    MONTH = "month"
    QUARTER = "quarter"
    HALF = "half"
    YEAR = "year"


class CycleStatus(StrEnum):
    """The stages of a cycle, one step at a time."""

    # `domain.md`, section 7
    DRAFT = "draft"
    OPEN = "open"
    CLOSED = "closed"
    REVIEW = "review"
    CALIBRATION = "calibration"
    APPROVED = "approved"
    PUBLISHED = "published"


class RankedBy(StrEnum):
    """Who is ranked with whom."""

    CYCLE = "cycle"
    UNIT = "unit"
    """Each unit for itself; small ones are pooled up the tree."""


class Unforced(StrEnum):
    """Why the grades of a population are not forced."""

    BELOW_MINIMUM = "below_minimum"
    NO_SHARES = "no_shares"


class GradeOrigin(StrEnum):
    """What gave a card its grade."""

    BAND = "band"
    GATE = "gate"
    DISTRIBUTION = "distribution"
    CALIBRATION = "calibration"


class ScorecardStatus(StrEnum):
    """What a reader may think of a scorecard's figures."""

    LIVE = "live"
    INCOMPLETE = "incomplete"
    IN_REVIEW = "in_review"
    APPROVED = "approved"
    PUBLISHED = "published"


class PayPlan(StrEnum):
    """How a result becomes money."""

    # `domain.md`, section 8
    COMMISSION = "commission"
    LEADER_MEAN = "leader_mean"
    LEADER_CAPACITY = "leader_capacity"
    GRADE_BONUS = "grade_bonus"
    LEVEL_ALLOWANCE = "level_allowance"
    ADJUSTMENT = "adjustment"


class CoefficientOf(StrEnum):
    """What a commission is multiplied by besides its rate."""

    GRADE = "grade"
    SCORE = "score"


class LateBasis(StrEnum):
    """What a fact counts for on a day."""

    BOTH = "both"
    SCORE = "score"
    PAY = "pay"


class LateDecision(StrEnum):
    """What people decide of facts that came after data were closed."""

    ACCEPTED = "accepted"
    REJECTED = "rejected"


class EntryKind(StrEnum):
    """A payroll entry states a result or corrects one."""

    RESULT = "result"
    CORRECTION = "correction"


class Role(StrEnum):
    """Who a caller is."""

    # `api.md`, section 8
    ADMIN = "admin"
    HR = "hr"
    LEAD = "lead"
    EMPLOYEE = "employee"
    ERP = "erp"
    PAYROLL = "payroll"
    VIEWER = "viewer"


class WeekStart(StrEnum):
    """The day on which a tenant's week begins."""

    MONDAY = "monday"
    TUESDAY = "tuesday"
    WEDNESDAY = "wednesday"
    THURSDAY = "thursday"
    FRIDAY = "friday"
    SATURDAY = "saturday"
    SUNDAY = "sunday"


class JobStatus(StrEnum):
    """Where long work stands."""

    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
