"""The figures of `domain.md`, section 6, copied out by hand: what every template is held against.

A head names template, cycle, full mark and grades; `[section weight]` begins a section; a line is
item, weight, target and rule. `code=indicator` stands where they differ; what people rate has none.
A target is `set`, a figure, `budget/challenge`, or `-`. Rules: `ratio..cap`, `of>= bound:score ...`
(`c` before a bound of the challenge), `curve figure:score ...`, `-cost over free`, `pass>= bound`,
`by role:weight ... [marks of levels]`, `ladder mark ...`, `rubric score ...`.
"""

A = "attainment>= 1:100 0.9:85 0.8:70 0.7:55 0.6:40 0.5:25 0.4:10"
L = "attainment>= 1:100 0.8:66.6667 0.7:33.3333"
PROFIT = "attainment>= 0.9:100 0.8:75 0.6:50"
SATISFIED = "value>= 0.9:100 0.85:80 0.8:60"
BUDGET = "value<= 1:100 1.1:80 1.2:50"
RESPONSE = "value<= 35:100 45:80 55:60"
ATTENDANCE = "value<= 0:100 3:80 value>= 0:60"
RATED = "by self:20 manager:80"

FIGURES = f"""
traffic_manager month 100 A90 B75 C0
  [traffic 100]
    visitors 25 set ratio..120
    campaign_visitor_share 15 0.45 ratio..120
    campaign_order_share 10 0.55 ratio..120
    campaign_order_conversion_rate 30 0.1 ratio..120
    new_campaign_visitor_ratio 20 0.1 ratio..120

design_manager month 100 A90 B75 C0
  [design 100]
    net_sales 30 set ratio..120
    campaign_ctr_index 25 1.3 ratio..120
    core_product_conversion_rate 15 0.06 ratio..120
    dwell_seconds 10 450 ratio..120
    design_on_time_rate 20 1 ratio..120

product_manager month 100 A90 B75 C0
  [product 100]
    net_sales 30 set ratio..120
    gross_profit 20 set ratio..120
    supply_fill_rate 20 0.99 ratio..120
    new_sku_share 10 0.2 ratio..120
    inventory_turns 20 3.5 ratio..120

service_guide month 100 A90 B75 C0
  [sales 50]
    net_sales 60 set ratio..120
    alipay_growth 20 0.05 ratio..120
    profit_product_sales_share 20 0.35 ratio..120
  [service 50]
    service_attitude_score 50 4.7 ratio..120
    bad_reviews 30 5 ratio..120
    order_bounce_rate 20 0.003 ratio..120

traffic_manager_sections month 100 A90 B75 C0
  [traffic 50]
    visitors 50 set ratio..120
    campaign_visitor_share 30 0.45 ratio..120
    campaign_order_share 20 0.55 ratio..120
  [campaign 50]
    campaign_order_conversion_rate 60 0.1 ratio..120
    new_campaign_visitor_ratio 40 0.1 ratio..120

design_manager_sections month 100 A90 B75 C0
  [sales 33.3334]
    net_sales 60 set ratio..120
    new_shop_sales_share 20 0.8 ratio..120
    old_shop_sales_growth 20 2/4 curve 0:0 2:100 4:120
  [effect 33.3333]
    campaign_ctr_index 50 1.3/1.8 curve 0:0 1.3:100 1.8:120
    core_product_conversion_rate 30 0.06/0.13 curve 0:0 0.06:100 0.13:120
    dwell_seconds 20 450 ratio..120
  [delivery 33.3333]
    design_on_time_rate 50 1 ratio..120
    design_pass_rate 50 1 ratio..120

product_manager_sections month 100 A90 B75 C0
  [sales 33.3334]
    net_sales 60 set ratio..120
    gross_profit 40 set ratio..120
  [goods 33.3333]
    supply_fill_rate 40 0.99 ratio..120
    new_sku_share 20 0.2 ratio..120
    inventory_turns 40 3.5 ratio..120
  [execution 33.3333]
    page_description_execution 50 - by manager:100
    shop_activity_execution 50 - by manager:100

operations_service_centre month 100 A90 B75 C0
  [centre 100]
    stockout_rate 20 set ratio..120
    net_sales 20 set ratio..120
    complaint_rate 20 set ratio..120
    profit_rate 20 set ratio..120
    return_exchange_rate 20 set ratio..120

marketing_centre month 100 A90 B75 C0
  [centre 100]
    campaigns_run 20 set ratio..120
    campaign_quality 20 - by manager:100
    net_sales 20 set ratio..120
    budget_use_rate 20 1 ratio..120
    analysis_ability 20 - by manager:100

business_cooperation_centre month 100 A90 B75 C0
  [centre 100]
    channel_partners_added 20 set ratio..120
    channel_quality 20 - by manager:100
    net_sales 20 set ratio..120
    partner_accounts 20 set ratio..120
    partner_quality 20 - by manager:100

ecommerce_general month 100 A90 B75 C0
  [sales 14.2858]
    net_sales 100 set ratio..120
  [satisfaction 14.2857]
    survey_score_shopping 33.3334 90 ratio..120
    survey_score_product 33.3333 90 ratio..120
    survey_score_after_sales 33.3333 90 ratio..120
  [processing 14.2857]
    processing_hours 100 24 ratio..120
  [cancellation 14.2857]
    cancel_rate 100 0.05 ratio..120
  [returns 14.2857]
    return_rate 100 0.05 ratio..120
  [retention 14.2857]
    active_users 50 set ratio..120
    repurchase_rate 50 set ratio..120
  [brand 14.2857]
    search_rank 50 set ratio..120
    social_followers 50 set ratio..120

operations_planning month 100 A90 B75 C0
  [traffic 20]
    visitors 10 set ratio..120
    source_share 10 set ratio..120
    new_visitor_share 10 set ratio..120
    conversion_rate 10 set ratio..120
    funnel_order_rate 10 set ratio..120
    funnel_payment_rate 10 set ratio..120
    ab_tests_run 10 set ratio..120
    orders 10 set ratio..120
    average_order_value 10 set ratio..120
    repurchase_rate 10 set ratio..120
  [merchandise 20]
    category_breadth 14.2858 set ratio..120
    inventory_turns 14.2857 set ratio..120
    life_stage_share 14.2857 set ratio..120
    hit_product_sales_share 14.2857 set ratio..120
    listing_on_time_rate 14.2857 set ratio..120
    supplier_on_time_rate 14.2857 set ratio..120
    on_time_delivery_rate 14.2857 set ratio..120
  [campaigns 20]
    campaign_creativity 25 - by manager:100
    campaign_target_attainment 25 set ratio..120
    roi 25 set ratio..120
    campaign_review_on_time_rate 25 set ratio..120
  [service 20]
    survey_score 25 set ratio..120
    training_hours 25 set ratio..120
    service_slips 25 set ratio..120
    rectification_closed_rate 25 set ratio..120
  [team 20]
    collaboration_score 100 - by manager:100

operations_support month 100 A90 B75 C0
  [conversion 100]
    conversion_rate 100 set ratio..120

rear_support month 100 A90 B75 C0
  [service 100]
    satisfaction_rate 50 set ratio..120
    returning_buyer_rate 50 set ratio..120

operations_manager month 100 A90 B75 C0
  [position 100]
    net_sales 30 set {A}
    gross_profit 20 set {PROFIT}
    conversion_rate 15 0.036 ratio..100
    roi 10 3 ratio..100
    inventory_turns 10 3.5 ratio..100
    satisfaction_rate 10 0.9 {SATISFIED}
    team_building_score 5 - {RATED}

live_operations month 100 A90 B75 C0
  [position 100]
    live_sales 30 set {L}
    live_gross_profit 20 set {PROFIT}
    budget_use_rate 10 1 {BUDGET}
    viewers_per_session 10 30000 value>= 30000:100 20000:80 10000:50
    live_conversion_rate 10 0.3 value>= 0.3:100 0.15:80 0.1:50
    live_follow_rate 10 0.07 value>= 0.07:100 0.05:80 0.03:50
    live_dwell_seconds 5 300 value>= 300:100 200:80 100:50
    collaboration_score 5 - {RATED} [100 75 50 0]

live_host month 100 A90 B75 C0
  [position 100]
    live_sales 30 set {L}
    live_hours_per_day 15 8 value>= 8:100 6:80 4:50
    viewers_per_session 10 30000 value>= 30000:100 20000:80 10000:50
    live_follow_rate 10 0.07 value>= 0.07:100 0.05:80 0.03:50
    live_conversion_rate 10 0.3 value>= 0.3:100 0.15:80 0.1:50
    live_dwell_seconds 10 300 value>= 300:100 200:80 100:50
    live_likes_per_viewer 5 1.5 pass>= 1.5
    discipline_faults 10 0 -15 over 0

operations_specialist month 100 A90 B75 C0
  [position 100]
    net_sales 30 set {A}
    conversion_rate 20 0.036 ratio..100
    visitors 15 set ratio..100
    average_order_value 10 set ratio..100
    campaign_approval_rate 10 0.8 ratio..100
    active_sku_rate 5 0.6 ratio..100
    report_on_time_rate 5 1 curve 0.8:0 1:100
    collaboration_score 5 - {RATED}

promotion_specialist month 100 A90 B75 C0
  [position 100]
    roi 25 3 ratio..100
    visitors 20 set attainment>= 1:100 0.8:80 0.7:60 0.5:40
    budget_use_rate 15 1 {BUDGET}
    paid_conversion_rate 15 set ratio..100
    click_through_rate 10 0.03 {L}
    cost_per_click 5 0.8 attainment>= 1:100 0.7:66.6667 0.5:33.3333
    organic_visitor_share 5 0.4 {L}
    analysis_ability 5 - {RATED}

pre_sales_agent month 100 gold90 silver80 bronze70 none0
  [position 100]
    net_sales 30 set {A}
    inquiry_conversion_rate 20 0.45 value>= 0.45:100 0.4:80 0.35:60
    average_order_value 20 250 attainment>= 1:100 0.92:80 0.84:60
    unanswered_rate 20 0.02 value<= 0.02:100 0.05:80 0.08:60
    average_response_seconds 5 35/30 {RESPONSE}
    attendance_faults 5 0 {ATTENDANCE}

after_sales_agent month 100 A90 B75 C0
  [position 100]
    after_sales_resolution_rate 20 0.95 value>= 0.95:100 0.9:80 0.85:60
    average_response_seconds 15 35 {RESPONSE}
    refund_hours 15 24 curve 24:100 48:60 72:0
    refund_dispute_rate 15 0.001 curve 0.001:100 0.005:0
    satisfaction_rate 15 0.9 {SATISFIED}
    bad_reviews 10 5 -20 over 5
    quality_inspection_score 10 90 ratio..100

copywriter month 100 A90 B75 C0
  [position 100]
    copy_pass_rate 30 0.9 value>= 0.9:100 0.8:85 0.7:70
    copy_pieces_on_time_rate 20 0.95 value>= 0.95:100 0.85:75
    market_info_gaps 20 0 -25 over 0
    content_ctr 10 set ratio..100
    core_product_conversion_rate 10 0.06 ratio..100
    copy_errors 5 0 -20 over 0
    initiative 5 - ladder 20 40 60 80 100

designer month 100 A90 B75 C0
  [position 100]
    design_satisfaction 25 - {RATED} [100 83.3333 66.6667 0]
    design_on_time_rate 20 1 curve 0.8:0 1:100
    design_pass_rate 15 0.9 ratio..100
    design_revisions 10 2 -16.6667 over 2
    campaign_ctr_index 10 1.3 ratio..100
    core_product_conversion_rate 10 0.06 ratio..100
    dwell_seconds 5 450 ratio..100
    learning 5 - ladder 20 40 60 80 100

team_leader_360 month 100 A90 B75 C0
  [operation 70]
    30: target_attainment=net_sales 42.8571 set {{TARGET}}
    15: professional_indicators=inquiry_conversion_rate 21.4286 set ratio..15
    15: quality_inspection_score 21.4286 90 ratio..15
    10: discipline_faults 14.2857 0 -2 over 0
  [satisfaction 15]
    7.5: customer_satisfaction 50 - by customer:100
    7.5: branch_satisfaction 50 - by branch:100
  [team_building 15]
    7.5: member_satisfaction 50 - by member:100
    7.5: supervisor_satisfaction 50 - by supervisor:100

five_point_quarter quarter 5 A3.75 B3.5 C0
  [performance 70]
    {{PERFORMANCE}}
  [values 30]
    customer_service 50 - ladder 1 2 3 4 5
    teamwork 50 - ladder 1 2 3 4 5

five_point_half half 5 A3.75 B3.5 C0
  [performance 70]
    {{PERFORMANCE}}
  [values 30]
    customer_service 50 - ladder 1 2 3 4 5
    teamwork 50 - ladder 1 2 3 4 5

five_point_year year 5 A3.75 B3.5 C0
  [performance 70]
    {{PERFORMANCE}}
  [values 30]
    customer_service 50 - ladder 1 2 3 4 5
    teamwork 50 - ladder 1 2 3 4 5

five_point_performance quarter 5 A3.75 B3.5 C0
  [performance 100]
    {{PERFORMANCE}}

head_of_ecommerce month 100 A90 B75 C0
  [position 100]
    net_sales 35 set ratio..120
    gross_profit 25 set ratio..120
    operating_cost_rate 15 set ratio..120
    satisfaction_rate 10 0.9 ratio..120
    partner_accounts 5 set ratio..120
    team_building_score 10 - {RATED}

category_manager month 100 A90 B75 C0
  [position 100]
    net_sales 30 set ratio..120
    profit_rate 20 set ratio..120
    stockout_rate 15 0.01 ratio..120
    complaint_rate 15 0.01 ratio..120
    return_exchange_rate 10 0.05 ratio..120
    active_sku_rate 10 0.6 ratio..120

promotion_manager month 100 A90 B75 C0
  [position 100]
    campaigns_run 15 set ratio..120
    campaign_quality 15 - {RATED}
    net_sales 30 set ratio..120
    budget_use_rate 15 1 ratio..120
    roi 15 3 ratio..120
    analysis_ability 10 - {RATED}

business_manager month 100 A90 B75 C0
  [position 100]
    channel_partners_added 20 set ratio..120
    channel_quality 15 - {RATED}
    net_sales 35 set ratio..120
    partner_accounts 15 set ratio..120
    partner_quality 15 - {RATED}

campaign_specialist month 100 A90 B75 C0
  [position 100]
    campaign_applications 20 set ratio..120
    campaign_approval_rate 20 0.8 ratio..120
    campaign_target_attainment 30 1 ratio..120
    report_on_time_rate 15 1 ratio..120
    campaign_review_on_time_rate 15 1 ratio..120

warehouse month 100 A90 B75 C0
  [position 100]
    processed_within_24h_rate 40 0.98 ratio..120
    error_shipment_rate 30 0.003 ratio..120
    on_time_delivery_rate 20 0.98 ratio..120
    attendance_faults 10 0 {ATTENDANCE}
"""
_TARGET = "attainment>= c1:30 c0.98:26 c0.95:23 1:20 0.98:16 0.95:13"
_QUARTERS = "1.2:4.5 1.15:4.25 1.1:4 1.05:3.75 1:3.5 0.95:3.25 0.9:3 0.85:2.75 0:2.5"
_PERFORMANCE = f"""conversion=conversion_rate 35 0.036 rubric 3.5 2.5 3-3.25 3.25
    net_sales 35 set attainment>= {_QUARTERS}
    key_tasks 30 - by manager:100 [2.5..4.5/0.25]"""

DOUBTFUL = {
    "service_guide": ["order_bounce_rate"],
    "design_manager_sections": [
        "new_shop_sales_share", "old_shop_sales_growth", "campaign_ctr_index",
    ],
    "live_operations": ["viewers_per_session", "live_conversion_rate"],
    "live_host": ["viewers_per_session", "live_conversion_rate"],
    "operations_specialist": ["campaign_approval_rate"],
    "after_sales_agent": ["refund_hours", "refund_dispute_rate"],
    "copywriter": ["copy_pass_rate", "content_ctr", "copy_errors"],
    "team_leader_360": [
        "professional_indicators", "quality_inspection_score", "discipline_faults",
        "customer_satisfaction", "branch_satisfaction", "member_satisfaction",
        "supervisor_satisfaction",
    ],
    "five_point_quarter": ["conversion", "customer_service", "teamwork"],
}  # fmt: skip
"""Every item that section 6 marks with `?` (6.3 and 6.8 state no targets of their own)."""


def figures() -> dict[str, str]:
    """The figures of each template, by its code."""
    text = FIGURES.replace("{TARGET}", _TARGET).replace("{PERFORMANCE}", _PERFORMANCE)
    blocks = (block.strip() for block in text.split("\n\n"))
    return {block.split()[0]: block for block in blocks if block}
